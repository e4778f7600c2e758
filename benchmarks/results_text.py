"""The table of all benchmarks as Markdown."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.results_rows import BENCHMARKS, Benchmark, Line

NOTES = Path(__file__).parent / "results_notes.toml"
_HEAD = """# Benchmarks

Made by `make bench` (`python -m benchmarks.results`); what stands under a table is written by hand in
`benchmarks/results_notes.toml`. Each comparison is taken within one run, the sides by turns, so the ratios hold where a
busy machine or a slow disk would make the figures themselves worth little. Every commit of ours is forced to the disk.
"""


def written(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """Of all that is kept, in the table's order."""
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    chapters = (_chapter(each, kept.get(each.name), notes.get(each.name, {}).get("text", "")) for each in BENCHMARKS)
    parts = [_HEAD, *_machines(kept), *("\n".join(chapter) for chapter in chapters)]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _machines(kept: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Once for each that took part."""
    seen: list[Mapping[str, str]] = []
    for found in kept.values():
        if found["machine"] not in seen:
            seen.append(found["machine"])
    for each in seen:
        yield "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in each.items())])


def _chapter(benchmark: Benchmark, found: Mapping[str, Any] | None, note: str) -> Iterator[str]:
    yield f"## {benchmark.title}\n"
    if found is None:
        yield f"Not measured yet: `{benchmark.command('full')}`.\n"
        return
    yield f"{found['at'][:10]}, size {found['size']}, {found['seconds']:.0f} s. Again: `{found['command']}`.\n"
    if benchmark.name == "peers":
        yield from _rows(found["figures"])
    yield "| | found | aim | met |"
    yield "|---|---|---|---|"
    for line in benchmark.lines(found["figures"]):
        yield f"| {line.what} | {_shown(line.found)} | {line.aim} | {_met(line)} |"
    if note:
        yield f"\n{note.strip()}\n"


def _rows(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "| row | | messages/s (least–most) | CPU a message, µs (least–most) | peak MB | fsyncs a message |"
    yield "|---|---|---|---|---|---|"
    for name, row in figures["rows"].items():
        if "missing" in row:
            yield f"| {name} | {row['about']} | not measured: {row['missing']} | | | |"
            continue
        pace = f"{row['per_second']:,} ({'–'.join(f'{each:,}' for each in row['per_second_range'])})"
        cpu = f"{row['cpu_us']:g} ({'–'.join(f'{each:g}' for each in row['cpu_us_range'])})"
        traced = "" if row["fsyncs_a_message"] is None else f"{row['fsyncs_a_message']:g}"
        fault = f" (not all receipts: {row['faults'][0]})" if row["faults"] else ""
        yield f"| {name} | {row['about']}{fault} | {pace} | {cpu} | {row['peak_mb']:g} | {traced} |"
    yield ""


def _shown(found: float | str | None) -> str:
    if found is None:
        return "not measured"
    return f"{found:,}" if isinstance(found, int) and not isinstance(found, bool) else str(found)


def _met(line: Line) -> str:
    return "" if line.is_met is None else "yes" if line.is_met else "**no**"
