"""Values of JSON answers and database columns, as the text of a cell that the row reader understands."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unicodedata import normalize

_MONGO_DATE, _MONGO_LONG = "$date", "$numberLong"


def cell(value: Any) -> str:
    """`value` as text (NFC): nothing for None, ISO 8601 for moments, `{"$date": …}` as its moment, a list with `; `.

    Raises `ValueError` for what cannot stand in a cell.
    """
    if isinstance(value, str):
        return value if value.isascii() else normalize("NFC", value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _moment(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str | int) for each in value):
        return "; ".join(str(each) for each in value)
    raise ValueError(type(value).__name__)


def _moment(value: Mapping[str, Any]) -> str:
    """MongoDB's extended JSON: a text, milliseconds since 1970, or those in `$numberLong`."""
    if set(value) != {_MONGO_DATE}:
        raise ValueError("object")
    inner = value[_MONGO_DATE]
    if isinstance(inner, str):
        return inner
    if isinstance(inner, Mapping) and set(inner) == {_MONGO_LONG} and isinstance(inner[_MONGO_LONG], str | int):
        inner = int(inner[_MONGO_LONG])
    if isinstance(inner, bool) or not isinstance(inner, int | float):
        raise ValueError("object")
    try:
        return datetime.fromtimestamp(inner / 1000, UTC).isoformat()
    except (OverflowError, OSError) as error:
        raise ValueError("date") from error
