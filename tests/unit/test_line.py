"""The order in which a channel's messages leave, and what is kept for replies."""

import asyncio
from datetime import timedelta
from itertools import count

from bot.line import Line, Turn
from bot.model.message import Lane
from bot.model.person import Address
from bot.ports import Claimed, Limits
from tests.support.making import START, message

_phones = count(84910000000)


def turn(lane: Lane = Lane.PUSH, parts: int = 1, phone: str = "") -> Turn:
    """To somebody of her own, unless the test names a phone."""
    address = Address("sms", phone or f"+{next(_phones)}")
    return Turn(Claimed(message(lane=lane, parts=parts, address=address), None), START + timedelta(seconds=5))


def limits(window: int = 10, rate: float = 0.0, reserved: float = 0.0) -> Limits:
    return Limits(longest=0, rate=rate, window=window, reserved=reserved)


async def taken(line: Line) -> Turn:
    found = await line.next()
    assert found is not None
    return found


async def test_replies_leave_first_then_pushes_then_broadcasts_each_in_order() -> None:
    line = Line(limits())
    turns = [turn(Lane.BULK), turn(Lane.PUSH), turn(Lane.PUSH), turn(Lane.REPLY)]
    for each in turns:
        line.put(each)

    assert [await taken(line) for _ in turns] == [turns[3], turns[1], turns[2], turns[0]]


async def test_pushes_leave_a_share_of_the_window_to_replies() -> None:
    line = Line(limits(window=10, reserved=0.2))
    for _ in range(20):
        line.put(turn())
    under_way = [await taken(line) for _ in range(8)]

    waiting = asyncio.ensure_future(line.next())
    await asyncio.sleep(0.01)
    assert not waiting.done(), "the last two places are for replies"
    reply = turn(Lane.REPLY)
    line.put(reply)
    assert await waiting is reply

    line.done(under_way[0])
    assert (await taken(line)).claimed.item.lane is Lane.PUSH


async def test_pushes_leave_a_share_of_the_rate_to_replies() -> None:
    line = Line(limits(window=100, rate=100.0, reserved=0.5))
    loop = asyncio.get_running_loop()
    for _ in range(30):
        line.put(turn())

    began = loop.time()
    for _ in range(25):
        await taken(line)

    assert loop.time() - began >= (25 - 10) / 50.0, "pushes alone go at half the rate"


async def test_a_reply_that_comes_while_a_push_waits_for_its_time_goes_first() -> None:
    line = Line(limits(rate=2.0, reserved=0.5))
    line.put(turn(parts=4))
    await taken(line)
    line.put(turn())
    waiting = asyncio.ensure_future(line.next())
    await asyncio.sleep(0.05)

    reply = turn(Lane.REPLY)
    line.put(reply)

    assert await asyncio.wait_for(waiting, 5) is reply


async def test_a_long_message_uses_as_much_of_the_rate_as_it_has_parts() -> None:
    line = Line(limits(rate=100.0))
    loop = asyncio.get_running_loop()
    line.put(turn(parts=25))
    line.put(turn())
    await taken(line)

    began = loop.time()
    await taken(line)

    assert loop.time() - began >= 10 / 100.0


async def test_at_the_end_what_is_left_is_handed_out_at_once_and_then_everybody_goes_home() -> None:
    line = Line(limits(rate=1.0))
    for _ in range(5):
        line.put(turn())
    senders = [asyncio.ensure_future(line.next()) for _ in range(7)]

    line.end()
    results = await asyncio.wait_for(asyncio.gather(*senders), 2)

    assert sum(each is not None for each in results) == 5
    assert sum(each is None for each in results) == 2


async def test_after_an_outage_few_leave_and_each_answer_lets_one_more_leave() -> None:
    line = Line(limits(window=20))
    for _ in range(40):
        line.put(turn())
    line.narrow()

    first = [await taken(line) for _ in range(4)]
    waiting = asyncio.ensure_future(line.next())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    for each in first:
        line.done(each)

    second = [await waiting, *[await taken(line) for _ in range(7)]]
    line.done(second[0], is_answered=False)
    third = [await taken(line)]
    waiting = asyncio.ensure_future(line.next())
    await asyncio.sleep(0.01)
    assert not waiting.done(), "eight may be under way, and what was not answered adds none"
    line.done(third[0])
    await waiting


async def test_news_to_one_person_leaves_one_after_the_other_and_others_need_not_wait() -> None:
    line = Line(limits())
    received, result = turn(phone="+84912345678"), turn(phone="+84912345678")
    another = turn()
    for each in (result, received, another):
        line.put(each)

    first, second = await taken(line), await taken(line)
    waiting = asyncio.ensure_future(taken(line))
    await asyncio.sleep(0.01)
    assert not waiting.done(), "what she is told first has not been answered yet"
    line.done(first)

    assert [first, second, await waiting] == [received, another, result]


async def test_an_answer_to_somebody_does_not_wait_for_her_news() -> None:
    line = Line(limits())
    news, reply = turn(phone="+84912345678"), turn(Lane.REPLY, phone="+84912345678")
    line.put(news)
    await taken(line)

    line.put(reply)

    assert await asyncio.wait_for(line.next(), 5) is reply


async def test_a_crowd_of_news_to_one_person_takes_nobodys_place_in_line() -> None:
    line = Line(limits())
    crowd = [turn(phone="+84912345678") for _ in range(50)]
    for each in crowd:
        line.put(each)
    first = await taken(line)
    another = turn()
    line.put(another)

    second = await taken(line)
    line.done(first)

    assert (first, second, len(line)) == (crowd[0], another, 1)
    assert await taken(line) is crowd[1]


async def test_at_the_end_what_waited_behind_another_is_handed_out_too() -> None:
    line = Line(limits())
    for _ in range(3):
        line.put(turn(phone="+84912345678"))
    await taken(line)
    waiting = asyncio.ensure_future(line.next())
    await asyncio.sleep(0.01)

    line.end()

    assert await asyncio.wait_for(waiting, 5) is not None
    assert await line.next() is not None
    assert await line.next() is None
