"""What stands in a database's own files: for who asks whether anything of anybody can be read there."""

import re
from pathlib import Path

import asyncpg

_TABLES = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
    AND relnamespace = 'public'::regnamespace ORDER BY 1
"""


async def raw(url: str) -> bytes:
    """All bytes of the SQLite file and of the log beside it; of PostgreSQL each table as a dump has it."""
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:"))
        return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))
    connection = await asyncpg.connect(url)
    try:
        found: list[bytes] = []

        async def take(part: bytes) -> None:
            found.append(bytes(part))

        for row in await connection.fetch(_TABLES):
            found.append(f"\n{row['relname']}\n".encode())
            await connection.copy_from_query(f'SELECT * FROM "{row["relname"]}"', output=take)  # noqa: S608 names of the schema
        return b"".join(found)
    finally:
        await connection.close()


def spellings(phone: str) -> set[str]:
    """As people, providers and programs write it, and its last seven digits and more."""
    national = phone.removeprefix("+84")
    spaced = f"{national[:3]} {national[3:6]}.{national[6:]}"
    return {spaced, *(national[-length:] for length in (7, 8, 9))}


def readable(content: bytes, words: set[str]) -> set[str]:
    """Those of the words that stand in it, with or without accents' composition, in big or small letters."""
    text = content.decode("utf-8", "replace").casefold()
    return {word for word in words if re.sub(r"\s+", " ", word.casefold()) in text}
