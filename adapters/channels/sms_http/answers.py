"""What providers say, read without trusting it: codes, ids and counts out of JSON, forms and queries."""

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from adapters.channels.sms_http.provider import Reading, Verdict
from adapters.http import Answer

_CODE = re.compile(r"[A-Za-z0-9_.+-]{1,8}")
"""Shorter than any telephone number: a code goes into logs and reasons."""
_ID = re.compile(r"[\x21-\x7e]{1,100}")
_OUR_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COUNT = re.compile(r"[0-9]{1,9}")

_BY_STATUS: Mapping[int, Verdict] = {
    **dict.fromkeys((401, 403, 404, 405, 407, 410, 451), Verdict.CONFIG),
    408: Verdict.TEMPORARY,
    429: Verdict.THROTTLED,
    503: Verdict.TEMPORARY,  # RFC 9110 section 15.6.4: not able to handle the request
}


def code_of(value: object) -> str:
    """A code as text, whether it came as a string or a number; empty where it is nothing like a code."""
    text = _text(value)
    return text if _CODE.fullmatch(text) else ""


def id_of(value: object) -> str:
    """A provider's id as text; empty where it is nothing like one."""
    text = _text(value)
    return text if _ID.fullmatch(text) else ""


def our_id(value: object) -> str:
    """The id, where it is one that we gave; else empty."""
    text = _text(value)
    return text if _OUR_ID.fullmatch(text) else ""


def count_of(value: object) -> int | None:
    """A number of something, from 0; None where it is none."""
    text = _text(value)
    return int(text) if _COUNT.fullmatch(text) else None


def xml_text(text: str) -> str:
    """`text` as the content of an XML element; characters that XML 1.0 section 2.2 cannot say are left out."""
    return escape(_NOT_IN_XML.sub("", text))


def verdict_of(code: str, codes: Mapping[str, Verdict]) -> Verdict:
    """What `code` means; a code that no table has is a refusal all the same."""
    return codes.get(code, Verdict.PERMANENT)


def wordless(answer: Answer) -> Reading:
    """An answer without any of the provider's words: by its HTTP status a clear no, or perhaps it was sent.

    After RFC 9110 section 15 what is answered with 4xx was not carried out; 500, 502 and 504 may come after the message
    was taken, and so may a page with status 200.
    """
    status = answer.status
    other = Verdict.PERMANENT if 400 <= status < 500 else Verdict.CONFIG if 300 <= status < 400 else Verdict.UNKNOWN
    return Reading(_BY_STATUS.get(status, other), f"HTTP {status}")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return str(value)
    return ""
