"""The arithmetic of docs/scale.md: each figure of its tables follows from the inputs that it states."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


def table(heading: str) -> list[dict[str, str]]:
    """The first table below the heading, a row at a time by the names of its columns."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


def number(text: str) -> float:
    return float(text.replace(",", ""))


INPUTS = {re.sub(r"`", "", row["name"]): number(row["value"]) for row in table("Inputs")}
SIZES = table("Sizes")
RATES = table("A broadcast of a million")


def near(found: str, wanted: float) -> bool:
    """As exact as it is written: within half of the last digit."""
    half_of_the_last_digit: float = 0.5 / 10 ** len(found.partition(".")[2])
    return abs(number(found) - wanted) <= half_of_the_last_digit + 1e-9


@pytest.mark.parametrize("row", SIZES, ids=lambda row: row["who"])
def test_each_size_follows_from_the_inputs(row: dict[str, str]) -> None:
    scale = eval(row["scale"].strip("`"), {"__builtins__": {}}, INPUTS)  # noqa: S307 our own page
    dossiers = 4 * INPUTS["D"] * scale
    messages = dossiers * INPUTS["m"]
    day = messages / INPUTS["w"]

    assert near(row["dossiers/year"], dossiers)
    assert near(row["messages/year"], messages)
    assert near(row["messages/day"], day)
    assert near(row["peak/s"], day * INPUTS["h"] / 3600)
    assert near(row["after import/s"], day / 3600)
    assert near(row["SQLite GB/year"], messages * INPUTS["bs"] / 1e9)
    assert near(row["PostgreSQL GB/year"], messages * INPUTS["bp"] / 1e9)


def test_the_founding_figure_is_what_it_is_said_to_be() -> None:
    assert round(INPUTS["M"] / INPUTS["D"], 2) == 0.58


@pytest.mark.parametrize("row", RATES, ids=lambda row: row["parts/s"])
def test_a_broadcast_takes_what_the_accounts_rate_allows(row: dict[str, str]) -> None:
    assert near(row["minutes"], 1_000_000 / number(row["parts/s"]) / 60)
