"""What may stand in the settings as the address, the view and the query: plain names and one SELECT, nothing else."""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from adapters.sources.sql_view.kinds import KINDS, Kind

_PART = re.compile(r'"([^"\[\]\0]{1,128})"|([^\W\d][\w$#]{0,127})')
_MOST_PARTS = 3
"""database.schema.view, as SQL Server writes it; elsewhere two at most."""
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]")


class Part(NamedTuple):
    """One part of a view's name. `exact`: it stood in quotation marks, its case counts."""

    name: str
    exact: bool


def kind_of(url: str) -> Kind:
    """The database that an address is of. Raises `ValueError` for an unknown one and for one with a password."""
    scheme, found, _ = url.partition("://")
    name, _, driver = scheme.partition("+")
    kind = KINDS.get(name)
    if not found or kind is None or driver not in {"", kind.word}:
        raise ValueError(f"begins with one of {', '.join(f'{name}://' for name in KINDS)}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # Whose own words would quote what stands there, perhaps a password.
        raise ValueError("is like kind://user@host:port/name, the port a number") from None
    if parts.password or any("pass" in key or "pwd" in key for key in _options(parts.query)):
        raise ValueError("a password does not belong in the address: use the key `password`")
    return kind


def parts_of(view: str, kind: Kind) -> tuple[Part, ...]:
    """The parts of `schema.view`, each plain or in double quotation marks. Raises `ValueError` for anything else."""
    parts, position = [], 0
    while match := _PART.match(view, position):
        parts.append(Part(match[1] or match[2], exact=match[1] is not None))
        position = match.end()
        if position == len(view) and len(parts) <= (_MOST_PARTS if kind.name == "mssql" else 2):
            return tuple(parts)
        if view[position : position + 1] != ".":
            break
        position += 1
    raise ValueError('the name of a view, such as v_ho_so, schema.v_ho_so or "Schema"."Hồ sơ"')


def one_select(query: str) -> str:
    """The query without spaces around it. Raises `ValueError` for anything but one SELECT that can be a subquery.

    This finds mistakes; what keeps the vendor's data safe is the read-only transaction and the account's rights.
    """
    query = query.strip()
    bare = _QUOTED.sub("''", query)
    if not re.match(r"select\b", bare, re.IGNORECASE):
        raise ValueError("begins with SELECT")
    if ";" in bare or "--" in bare or "/*" in bare:
        raise ValueError("is one SELECT, without semicolon and comments")
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
    if depth or "'" in bare.replace("''", ""):
        raise ValueError("has parentheses or quotation marks that do not match")
    return query


def _options(query: str) -> list[str]:
    return [key.lower() for key, _ in parse_qsl(query, keep_blank_values=True)]
