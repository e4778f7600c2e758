"""The rows of the comparison: what each runs, and what is missing where it cannot."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.peers import bare_rows, jasmin, kannel, ours
from benchmarks.peers.stage import Centre, Figures
from benchmarks.sizes import durable_postgres

Way = Literal["http", "itself"]
Run = Callable[[Path, Centre, int], Awaitable[Figures]]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    way: Way
    """One HTTP request a message, or planned by itself."""
    about: str
    run: Run
    missing: str = ""
    share: float = 1.0
    """Of the messages of the other rows: for those that would take all day."""


def rows(venv: Path | None) -> list[Row]:
    """Each right behind what it is compared with."""
    absent, gone = kannel.missing(), jasmin.missing(venv)
    place = venv or Path()
    return [
        Row("bare-http-sqlite", "http", "bare pipeline behind HTTP, SQLite", _on("sqlite", bare_rows.run_http)),
        Row("ours-http-sqlite", "http", "motcua run, SQLite", _on("sqlite", ours.run_http)),
        Row("bare-http-postgres", "http", "bare pipeline behind HTTP, PostgreSQL", _on("postgres", bare_rows.run_http)),
        Row("ours-http-postgres", "http", "motcua run, PostgreSQL", _on("postgres", ours.run_http)),
        Row(
            "ours-http-postgres-two", "http", "web and send in processes of their own, PostgreSQL",
            _on("postgres", ours.run_http_by_two),
        ),
        Row("kannel-spool", "http", "Kannel, spool store", lambda p, c, n: kannel.run(p, "spool", c, n), absent),
        Row("kannel-file", "http", "Kannel, file store", lambda p, c, n: kannel.run(p, "file", c, n), absent),
        Row(
            "jasmin", "http", "Jasmin as released, receipts mended",
            lambda p, c, n: jasmin.run(place, p, c, n, jasmin.RELEASED), gone, 0.05,
        ),
        Row(
            "jasmin-raised", "http", "the same with a prefetch of 100",
            lambda p, c, n: jasmin.run(place, p, c, n, jasmin.RAISED), gone, 0.05,
        ),
        Row("bare-sqlite", "itself", "bare pipeline, SQLite", _on("sqlite", bare_rows.run_itself)),
        Row("ours-sqlite", "itself", "a broadcast, SQLite", _on("sqlite", ours.run_itself)),
        Row("bare-postgres", "itself", "bare pipeline, PostgreSQL", _on("postgres", bare_rows.run_itself)),
        Row("ours-postgres", "itself", "a broadcast, PostgreSQL", _on("postgres", ours.run_itself)),
    ]  # fmt: skip


def _on(engine: str, run: Callable[[Path, str, Centre, int, tuple[int, ...]], Awaitable[Figures]]) -> Run:
    """With an empty database of the engine; PostgreSQL's own processes are counted too."""

    async def begin(place: Path, at: Centre, count: int) -> Figures:
        async with AsyncExitStack() as stack:
            if engine == "sqlite":
                return await run(place, f"sqlite:{place / 'bench.db'}", at, count, ())
            folder = place / "postgres"
            url = await stack.enter_async_context(durable_postgres(folder))
            postmaster = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
            return await run(place, url, at, count, (postmaster,))

    return begin
