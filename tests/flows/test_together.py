"""What is asked for in the same moment is done at once, each thing once."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from bot.together import Together


class Doing:
    """Remembers what was done together; goes on when it may."""

    def __init__(self, *, most: int = 100) -> None:
        self.turns: list[list[str]] = []
        self.may_begin = asyncio.Event()
        self.may_begin.set()
        self.may = asyncio.Event()
        self.together = Together(self._work, apart=lambda word: word[1:] or None, most=most)

    async def _work(self, begin: Callable[[], Sequence[str]]) -> list[str | BaseException]:
        await self.may_begin.wait()
        words = begin()
        assert begin() == words
        self.turns.append(list(words))
        await self.may.wait()
        if "!" in words:
            raise ValueError("all of them")
        return [KeyError(word) if word == "?" else word.upper() for word in words]


async def test_nobody_waits_for_company_and_those_who_come_meanwhile_go_together() -> None:
    doing = Doing(most=3)

    first = asyncio.create_task(doing.together.do("a"))
    while not doing.turns:
        await asyncio.sleep(0)
    rest = [asyncio.create_task(doing.together.do(word)) for word in "bcde"]
    await asyncio.sleep(0)
    doing.may.set()

    assert [await each for each in (first, *rest)] == list("ABCDE")
    assert doing.turns == [["a"], ["b", "c", "d"], ["e"]]


async def test_those_who_come_before_the_work_can_begin_go_along() -> None:
    doing = Doing()
    doing.may_begin.clear()
    doing.may.set()

    first = asyncio.create_task(doing.together.do("a"))
    await asyncio.sleep(0)
    second = asyncio.create_task(doing.together.do("b"))
    await asyncio.sleep(0)
    doing.may_begin.set()

    assert await asyncio.gather(first, second) == ["A", "B"]
    assert doing.turns == [["a", "b"]]


async def test_what_must_be_apart_is_done_one_by_one_in_its_order() -> None:
    doing = Doing()
    doing.may.set()

    said = await asyncio.gather(*map(doing.together.do, ("a1", "b1", "c2", "d1", "e")))

    assert said == ["A1", "B1", "C2", "D1", "E"]
    assert doing.turns == [["a1", "c2", "e"], ["b1"], ["d1"]]


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    doing = Doing()

    first = asyncio.create_task(doing.together.do("a"))
    while not doing.turns:
        await asyncio.sleep(0)
    gone, stays = (asyncio.create_task(doing.together.do(word)) for word in "bc")
    await asyncio.sleep(0)
    gone.cancel()
    doing.may.set()

    assert await asyncio.gather(first, stays) == ["A", "C"]
    assert doing.turns == [["a"], ["c"]]


@pytest.mark.parametrize(("word", "error"), [("?", KeyError), ("!", ValueError)])
async def test_errors_reach_who_asked_and_the_next_ones_are_done(word: str, error: type[Exception]) -> None:
    doing = Doing()
    doing.may.set()

    said = await asyncio.gather(doing.together.do("a"), doing.together.do(word), return_exceptions=True)

    assert isinstance(said[1], error)
    assert said[0] == "A" if word == "?" else isinstance(said[0], error)
    assert await doing.together.do("b") == "B"
