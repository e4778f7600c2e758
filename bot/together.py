"""What several callers ask for in the same moment is done once for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")

MOST = 100
"""Requests that are done at a time."""


@dataclass(slots=True)
class _Asked(Generic[A, R]):
    what: A
    promise: asyncio.Future[R] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Together(Generic[A, R]):
    """Does what is asked for at once while nothing else is under way, and else with all that came meanwhile: nobody
    waits for company. What a caller no longer waits for when its turn comes is not begun.

    `work` asks what there is to do once it can begin (a transaction may wait for others first), and gives results, or
    errors, in the same order. Where it fails, each of them gets its error.
    """

    def __init__(
        self,
        work: Callable[[Callable[[], Sequence[A]]], Awaitable[Sequence[R | BaseException]]],
        *,
        apart: Callable[[A], Hashable | None],
        most: int = MOST,
    ) -> None:
        """`apart`: those for which this says the same are done one by one, in their order; None: with anything."""
        self._work = work
        self._apart = apart
        self._most = most
        self._waiting: list[_Asked[A, R]] = []
        self._going_on: asyncio.Task[None] | None = None

    async def do(self, what: A) -> R:
        asked = _Asked[A, R](what)
        self._waiting.append(asked)
        if self._going_on is None:
            self._going_on = asyncio.create_task(self._go_on())
        return await asked.promise

    async def _go_on(self) -> None:
        try:
            while any(not asked.promise.done() for asked in self._waiting):
                await self._do()
        finally:
            self._going_on = None
            left, self._waiting = self._waiting, []
            for asked in left:
                asked.promise.cancel()

    async def _do(self) -> None:
        turn: list[_Asked[A, R]] = []

        def begin() -> Sequence[A]:
            """The same each time: a work may be begun anew."""
            if not turn:
                turn.extend(self._turn())
            return [asked.what for asked in turn]

        try:
            results = await self._work(begin)
        except Exception as error:
            begin()
            for asked in turn:
                if not asked.promise.done():
                    asked.promise.set_exception(error)
        except BaseException:
            for asked in turn:
                asked.promise.cancel()
            raise
        else:
            for asked, result in zip(turn, results, strict=True):
                if asked.promise.done():
                    continue
                if isinstance(result, BaseException):
                    asked.promise.set_exception(result)
                else:
                    asked.promise.set_result(result)

    def _turn(self) -> list[_Asked[A, R]]:
        """Those that are done now, oldest first."""
        turn: list[_Asked[A, R]] = []
        later: list[_Asked[A, R]] = []
        taken = set[Hashable]()
        for asked in self._waiting:
            if asked.promise.done():
                continue
            own = self._apart(asked.what)
            if len(turn) < self._most and own not in taken:
                turn.append(asked)
            else:
                later.append(asked)
            if own is not None:
                taken.add(own)
        self._waiting = later
        return turn
