"""Everything of ours that reads what strangers wrote, by name."""

from collections.abc import Mapping

from tests.fuzz import calls, files, pages, said, wires
from tests.fuzz.parser import Parser

PARSERS: Mapping[str, Parser] = {
    each.name: each for each in (*said.PARSERS, *wires.PARSERS, *calls.PARSERS, *files.PARSERS, *pages.PARSERS)
}
