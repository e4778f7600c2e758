"""Reads the next piece while the last one is still being worked on."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


class _End:
    """Nothing more comes."""


async def ahead(pieces: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """The same pieces in the same order, one or two of them read in advance; an error comes in its place.

    One task iterates from beginning to end, as a generator with time-outs and locks of its own needs it.
    """
    found: asyncio.Queue[T | Exception | _End] = asyncio.Queue(1)
    reader = asyncio.ensure_future(_read(pieces, found))
    try:
        while not isinstance(piece := await found.get(), _End):
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        reader.cancel()
        await asyncio.wait([reader])


async def _read(pieces: AsyncIterator[T], found: "asyncio.Queue[T | Exception | _End]") -> None:
    try:
        async for piece in pieces:
            await found.put(piece)
    except Exception as error:
        await found.put(error)
    else:
        await found.put(_End())
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
