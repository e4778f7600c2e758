"""What keeps a whole file from being read, and what is wrong with a row of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RowWord = Literal["missing", "phone", "landline", "foreign", "code", "too_long"]
"""What is wrong with a cell: nothing where there must be something; no phone number; one that cannot be sent an SMS;
one of another country; no dossier code; longer than a value may be."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing of a file can be used. `word` is one of:

    `empty`; `too_large` (most, in MiB); `too_many_rows` (most, count); `no_phone` (has); `missing_columns` (missing,
    has); `same_column_twice` (name, letters); `encrypted`; `not_a_table`; `broken`; `packed` (a file made to burst, or
    with other files in it); `quotes` (row: one opens there and never closes); `slow`.
    """

    word: str
    values: Mapping[str, Any] = field(default_factory=dict)


class TroubleError(Exception):
    """Carries a trouble out of the depths of reading; the package's face makes a value of it again."""

    def __init__(self, word: str, **values: Any) -> None:
        super().__init__(word)
        self.trouble = Trouble(word, values)


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row that must be mended before anything is sent."""

    number: int
    """The spreadsheet's own."""
    cells: Mapping[str, str] = field(repr=False)
    """By the name of the column, only the columns that are used."""
    faults: Mapping[str, RowWord]
    """By the name of the column."""
