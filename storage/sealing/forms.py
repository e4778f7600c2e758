"""How each kind of value is sealed on its way in: a function of the seal and the value, clean and not empty."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from storage.sealing.seal import Seal, Sealed, cleaned

Form = Callable[[Seal, str], str]

_NOBODYS = "~"
"""Begins the value of an address that is nobody's any more: nothing is to be hidden of it."""
_ERASED = "erased"
_IN_KEY = re.compile(
    r"(?<=\|)(?P<scheme>[a-z]+:)(?P<value>[^|]+)"
    r"|(?P<phone>\+[1-9][0-9]{6,14})"
    r"|(?<=^inbound:)(?P<channel>[^:|]*:)(?P<message>[^|]+)"
)
"""Where in a key of ours something tells who somebody is: an address behind a bar, a phone, what a channel calls a
message of hers, which may be made of her number and her words."""
_INBOUND = "inbound:"
_SUBJECT = re.compile(r"[a-z]+:")
_WORD = re.compile(r"\w+")
WAYS, BARRED = '"ways":', '"ways_barred":'
"""Stand in a message's attachments where a way is left; SQL looks for the one and writes the other."""


def phone(seal: Seal, value: str) -> str:
    """A phone; or what stands in its place, and has to be found again."""
    return seal.token(value)


def token(seal: Seal, value: str) -> str:
    """What is found by its whole value."""
    return seal.token(value)


def address(seal: Seal, value: str) -> str:
    """`scheme:value`: the scheme stays, for statements and figures ask for it."""
    scheme, colon, rest = value.partition(":")
    if not rest or scheme == _ERASED or rest.startswith(_NOBODYS):
        return value
    return f"{scheme}{colon}{seal.token(rest)}"


def key(seal: Seal, value: str) -> str:
    """A key or an origin: what in it names somebody."""
    head, bar, last = value.rpartition("|")
    if not value.startswith(_INBOUND):
        # Most are `source|code|number|scheme:value`, or name nobody: told without the pattern, at a fifth of its cost.
        if not bar and "+" not in value:
            return value
        if bar and ":" not in head and "+" not in head and ":" in last:
            return f"{head}|{address(seal, last)}"

    def sealed(found: re.Match[str]) -> str:
        if found["phone"]:
            return seal.token(found["phone"])
        if found["message"]:
            return f"{found['channel']}{seal.token(found['message'])}"
        return address(seal, found[0])

    return _IN_KEY.sub(sealed, value)


def subject(seal: Seal, value: str) -> str:
    """Whose attempts are counted: a phone or an address; codes and networks stay."""
    if value.startswith("+"):
        return seal.token(value)
    return address(seal, value) if _SUBJECT.match(value) else value


def fingerprint(seal: Seal, value: str) -> str:
    made = seal.print_of(value)
    return made if made != value else seal.token(value)


def name_words(seal: Seal, value: str) -> str:
    return seal.words(value)


def given(seal: Seal, value: str) -> str:
    return seal.given(value)


def name_pattern(seal: Seal, value: str) -> str:
    """For LIKE: the words in their order, each of them whole."""
    words = [seal.word(word) for word in _WORD.findall(value)]
    return f"%{''.join(f' {word}%' for word in words[:-1])} {words[-1]}" if words else value


def free(kind: str) -> Form:
    """What nobody is found by."""
    return lambda seal, value: seal.free(kind, value)


def attached(seal: Seal, value: str) -> str:
    """A message's attachments: whether a way is left is told behind the seal."""
    flag = BARRED if BARRED in value else WAYS if WAYS in value else ""
    return seal.free("attached", value.replace(BARRED, WAYS, 1)) + flag


def open_attached(seal: Seal, sealed: str) -> str:
    inner, quote, flag = sealed.partition('"')
    opened = seal.open_free("attached", inner)
    return opened.replace(WAYS, BARRED, 1) if quote + flag == BARRED else opened


# Several at once, as JSON


def keys(form: Form) -> Form:
    """The keys of an object: the members of a set."""

    def sealed(seal: Seal, value: str) -> str:
        return _json({_within(form, seal, name): inner for name, inner in json.loads(value).items()})

    return sealed


def prints(seal: Seal, value: str) -> str:
    """The keys of an object, each a fingerprint and a code behind it."""
    named = json.loads(value)
    made = seal.prints([each[:24] for each in named])
    return _json({before + each[24:]: 0 for before, each in zip(made, named, strict=True)})


def fields(**forms: Form) -> Form:
    """The fields of an object's members."""

    def sealed(seal: Seal, value: str) -> str:
        members: Mapping[str, Any] = json.loads(value)
        return _json({name: _member(forms, seal, inner) for name, inner in members.items()})

    return sealed


def _member(forms: Mapping[str, Form], seal: Seal, member: Any) -> Any:
    if not isinstance(member, dict):
        return member
    return {name: _within(forms[name], seal, value) if name in forms else value for name, value in member.items()}


def _within(form: Form, seal: Seal, value: Any) -> Any:
    if isinstance(value, dict):
        return {_within(form, seal, name): inner for name, inner in value.items()}
    return form(seal, cleaned(value)) if isinstance(value, str) and value else value


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


# One value of a statement


def sealed_value(form: Form, kind: str, seal: Seal, value: Any, *, is_clean: bool = False) -> Any:
    """`value` as it is stored. Nothing stays nothing, so that statements can tell what is empty."""
    if not value:
        return value
    if isinstance(value, str):
        clean = value if is_clean else cleaned(value)
        made = form(seal, clean)
        # As a text of any kind where nothing was sealed: it has no mark.
        return clean if made is clean else Sealed(made)
    return seal.free_bytes(kind, bytes(value)) if isinstance(value, bytes | bytearray | memoryview) else value
