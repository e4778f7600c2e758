"""Memory stays flat and the loop stays free, whatever the file is."""

import asyncio
import tracemalloc
from pathlib import Path

from tests.adapters.folder.support import code, csv_text, put, row, source, taken

MIB = 1 << 20


async def test_a_line_without_end_is_skipped_in_pieces(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", csv_text([row(1)]))
    with path.open("ab") as file:
        file.write(b"H32.21.02-261122-0002,")
        for _ in range(50):
            file.write(b"x" * MIB)
        file.write(b"\r\n" + ",".join(row(3)).encode())

    tracemalloc.start()
    dossiers, [bad] = await taken(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [dossier.code for dossier in dossiers] == [code(1), code(3)]
    assert bad.row == 3
    assert peak < 12 * MIB


async def test_a_line_without_end_inside_quotes_costs_two_rows(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", csv_text([row(1)]))
    with path.open("ab") as file:
        file.write(b'H32.21.02-261122-0002,"\r\n' + b"x" * 3 * MIB + b'"\r\n' + ",".join(row(3)).encode())

    dossiers, bad = await taken(tmp_path)

    assert [dossier.code for dossier in dossiers] == [code(1), code(3)]
    assert [entry.row for entry in bad] == [3, 4]


async def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text(row(number % 10_000, ChuHoSo=f"Nguyễn {number}") for number in range(30_000)))
    reader, count = source(tmp_path), 0

    tracemalloc.start()
    async for batch in reader.batches(None):
        count += len(batch.dossiers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 30_000
    assert peak < 12 * MIB


async def test_the_loop_is_free_while_a_file_is_read(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text(row(number % 10_000) for number in range(20_000)))
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with asyncio.TaskGroup() as group:
        turning = group.create_task(turn())
        async for _ in source(tmp_path, batch_rows=5_000).batches(None):
            pass
        turning.cancel()

    assert turns > 50


async def test_a_reader_that_is_stopped_closes_its_file(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text(row(number) for number in range(50)))
    before = _open_files()
    stream = source(tmp_path, batch_rows=10).batches(None)

    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]

    assert _open_files() == before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
