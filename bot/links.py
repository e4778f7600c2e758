"""Links that open a channel with a dossier's code filled in, and their QR codes for slips and posters."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import segno

from bot.config import LinkSettings

QUIET_ZONE = 4
"""Light modules around a QR code, as ISO/IEC 18004 asks for."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link into one channel."""

    channel: Literal["web", "telegram", "zalo", "sms"]
    url: str
    carries_code: bool = True
    """False for Zalo, whose links open the official account and nothing more."""


def links_of(code: str, places: LinkSettings) -> list[Link]:
    """The links for a canonical dossier `code` into every channel whose place is configured."""
    links = []
    if places.web:
        links.append(Link("web", _with_query(places.web, {"ma": code})))
    if places.zalo:
        links.append(Link("zalo", f"https://zalo.me/{places.zalo}", carries_code=False))
    if places.telegram:
        links.append(Link("telegram", f"https://t.me/{places.telegram}?start={telegram_payload(code)}"))
    if places.sms:
        # RFC 5724, section 2.2
        links.append(Link("sms", f"sms:{places.sms}?body={quote(f'HS {code}')}"))
    return links


def telegram_payload(code: str) -> str:
    """`code` in the letters that Telegram's `start` knows: `A-Za-z0-9_-`, at most 64 of them. It has no dots."""
    return code.replace(".", "_")


def code_of_payload(payload: str) -> str:
    """What `telegram_payload` was made of."""
    return payload.replace("_", ".")


def qr_svg(link: str) -> str:
    """A QR code as an SVG document, also for use inside a page; it fills its place."""
    return _saved(link, kind="svg", xmldecl=False, nl=False, omitsize=True, light="#fff").decode()


def qr_png(link: str, *, scale: int = 8) -> bytes:
    """A QR code as a PNG image; `scale` is in pixels a module."""
    return _saved(link, kind="png", scale=scale)


def _saved(link: str, **form: Any) -> bytes:
    """With error correction M: a slip is folded and a poster gets dirty."""
    image = BytesIO()
    segno.make_qr(link, error="m").save(image, border=QUIET_ZONE, **form)
    return image.getvalue()


def _with_query(address: str, values: dict[str, str]) -> str:
    """`address` may have a path and a query of its own."""
    parts = urlsplit(address)
    query = "&".join(filter(None, [parts.query, urlencode(values)]))
    return urlunsplit(parts._replace(path=parts.path or "/", query=query, fragment=""))
