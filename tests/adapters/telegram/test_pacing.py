"""The pace: no 429 by our own fault, and what a 429 changes for whom."""

import asyncio
import itertools
import json
import random
from pathlib import Path

import pytest

from adapters.channels.telegram import open as open_channel
from adapters.channels.telegram import turnstile as turnstile_module
from adapters.channels.telegram.holds import Holds
from adapters.channels.telegram.turns import Turns
from adapters.channels.telegram.turnstile import Turnstile
from bot.model.message import Accepted, Lane, Outcome, Retry
from tests.adapters.telegram.support import ALICE, Telegram, item, running, settings_for


async def test_the_server_never_counts_more_than_allowed_whenever_it_counts() -> None:
    number, period, chance = 10, 0.2, random.Random(5)
    turnstile, counted = Turnstile(number, period), []

    async def call() -> None:
        departed = await turnstile.enter(is_reply=chance.random() < 0.3)
        await asyncio.sleep(chance.random() * 0.02)
        counted.append(asyncio.get_running_loop().time())
        await asyncio.sleep(chance.random() * 0.02)
        turnstile.leave(departed)

    await asyncio.gather(*(call() for _ in range(45)))

    counted.sort()
    assert min(late - early for early, late in zip(counted, counted[number:], strict=False)) >= period


async def test_pushes_are_spread_evenly_and_a_reply_goes_before_all_that_wait() -> None:
    turnstile, left = Turnstile(20), []

    async def leave(name: str, *, is_reply: bool = False) -> None:
        await turnstile.enter(is_reply=is_reply)
        left.append(name)

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(leave(f"push {number}"))
        await asyncio.sleep(0)
        tasks.create_task(leave("reply", is_reply=True))

    assert left[:2] == ["push 0", "reply"]
    assert left[2:] == [f"push {number}" for number in range(1, 6)]


async def test_who_gives_up_waiting_leaves_the_place_to_others() -> None:
    turnstile = Turnstile(1, 0.05)
    departed = await turnstile.enter(is_reply=False)
    waiting = [asyncio.ensure_future(turnstile.enter(is_reply=True)) for _ in range(2)]
    await asyncio.sleep(0)
    turnstile.leave(departed)
    waiting[0].cancel()

    async with asyncio.timeout(20):
        await waiting[1]


async def test_after_a_complaint_fewer_leave_and_in_time_as_many_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile_module, "_GROWS_EACH", 0.01)
    turnstile = Turnstile(20)

    turnstile.slow_down()
    slower = turnstile.number
    await asyncio.sleep(0.2)

    assert slower == 15
    assert turnstile.number == 20


async def test_messages_to_one_chat_keep_their_order_and_their_distance() -> None:
    turns, sent = Turns(0.05, room=5), []

    async def send(name: str) -> float:
        wait = await turns.enter(1)
        if not wait:
            sent.append((name, asyncio.get_running_loop().time()))
            turns.leave(1)
        return wait

    waits = await asyncio.gather(*(send(name) for name in "abcdef"))

    assert [name for name, _ in sent] == ["a", "b", "c", "d"]
    assert min(late - early for (_, early), (_, late) in itertools.pairwise(sent)) >= 0.049
    assert 0 < waits[4] < waits[5], "the others are to come back, one after the other"


async def test_no_more_wait_for_their_chats_than_there_is_room_for() -> None:
    turns = Turns(0.05, room=1)
    assert await turns.enter(1) == await turns.enter(2) == 0.0
    waiting = asyncio.ensure_future(turns.enter(1))
    await asyncio.sleep(0)

    assert await turns.enter(2) > 0
    assert await turns.enter(3) == 0.0
    turns.leave(1)
    assert await waiting == 0.0


async def test_a_chat_whose_waiting_message_was_given_up_is_free_again() -> None:
    turns = Turns(0.01, room=5)
    await turns.enter(1)
    waiting = asyncio.ensure_future(turns.enter(1))
    await asyncio.sleep(0)
    waiting.cancel()
    turns.leave(1)
    await asyncio.sleep(0.05)

    assert await turns.enter(1) == 0.0


class Moment:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_chats_429_holds_that_chat_alone() -> None:
    moment = Moment()
    holds = Holds(moment)

    assert not holds.throttled(1, 30)

    assert holds.wait(1, is_reply=True) == pytest.approx(30)
    assert holds.wait(2, is_reply=False) == 0.0
    moment.now += 30.1
    assert holds.wait(1, is_reply=False) == 0.0


def test_two_chats_429_far_apart_are_two_chats() -> None:
    moment = Moment()
    holds = Holds(moment)
    for chat in range(10):
        assert not holds.throttled(chat, 30)
        moment.now += 0.6

    assert holds.wait(99, is_reply=False) == 0.0


def test_several_chats_429_at_once_mean_all_pushes_and_replies_are_tried_one_by_one() -> None:
    moment = Moment()
    holds = Holds(moment)

    assert [holds.throttled(chat, 20) for chat in (1, 2, 3, 4)] == [False, False, True, False]

    assert holds.wait(99, is_reply=False) == pytest.approx(20)
    assert 0 < holds.wait(1, is_reply=True) <= 1.0
    moment.now += 1.0
    assert holds.wait(1, is_reply=True) == 0.0
    assert 0 < holds.wait(2, is_reply=True) <= 1.0
    moment.now += 19.1
    assert holds.wait(99, is_reply=False) == holds.wait(2, is_reply=True) == 0.0


async def test_at_the_limit_of_a_strict_server_nothing_is_refused() -> None:
    async with (
        running(rate=20, chat_rate=2) as telegram,
        open_channel("tele", settings_for(telegram.port, rate=20, chat_rate=2)) as channel,
    ):
        chats = [ALICE + 1000 * (number // 2) for number in range(50)]
        outcomes = await asyncio.gather(*(channel.sender.send(item(chat)) for chat in chats))
        stats = await telegram.stats()

    assert stats["messages"] == sum(isinstance(each, Accepted) for each in outcomes) >= 25
    assert "429" not in stats
    assert all(each.after and not each.counts for each in outcomes if isinstance(each, Retry))


async def test_the_pieces_of_a_long_text_keep_their_distance() -> None:
    async with (
        running(chat_rate=4) as telegram,
        open_channel("tele", settings_for(telegram.port, chat_rate=4)) as channel,
    ):
        outcome = await channel.sender.send(item(ALICE, "một cửa " * 700))
        stats = await telegram.stats()

    assert isinstance(outcome, Accepted)
    assert "429" not in stats


async def test_a_chat_that_must_wait_is_left_alone_and_delays_nobody(telegram: Telegram) -> None:
    await telegram.hold(ALICE, 300)
    async with open_channel("tele", settings_for(telegram.port, chat_rate=1)) as channel:
        first = await channel.sender.send(item(ALICE))
        at_once = await channel.sender.send(item(ALICE + 1))
        again = await channel.sender.send(item(ALICE))
        stats = await telegram.stats()

    assert isinstance(at_once, Accepted)
    for outcome in (first, again):
        assert isinstance(outcome, Retry)
        assert outcome.after
        assert 290 < outcome.after <= 300
        assert not outcome.counts
        assert outcome.elsewhere, "who has another way gets the message by it"
    assert stats["429"] == 1, "it is not asked twice"


async def test_while_the_whole_bot_is_throttled_replies_are_not_held_for_long(telegram: Telegram) -> None:
    async def send(chat: int, lane: Lane = Lane.PUSH) -> Outcome:
        return await channel.sender.send(item(chat, lane=lane))

    async with open_channel("tele", settings_for(telegram.port)) as channel:
        for chat in (1, 2, 3):
            await telegram.hold(chat, 300)
            await send(chat)
        push, reply = await send(4), await send(4, Lane.REPLY)
        assert isinstance(reply, Retry)
        await asyncio.sleep(reply.after or 0)
        later = await send(4, Lane.REPLY)

    assert isinstance(push, Retry)
    assert push.after
    assert push.after > 290
    assert reply.after
    assert reply.after <= 1.0
    assert isinstance(later, Accepted)


async def test_a_paid_broadcast_is_paid_for_what_is_sent_unasked_and_never_for_a_reply(tmp_path: Path) -> None:
    async with (
        running(rate=1, log=tmp_path / "calls") as telegram,
        open_channel("tele", settings_for(telegram.port, rate=1, paid_broadcast=True)) as channel,
    ):
        lanes = [Lane.PUSH, Lane.BULK, Lane.PUSH, Lane.REPLY]
        outcomes = [await channel.sender.send(item(number + 1, lane=lane)) for number, lane in enumerate(lanes)]

    assert all(isinstance(each, Accepted) for each in outcomes)
    given = [json.loads(line)["given"] for line in (tmp_path / "calls").read_text().splitlines()]
    assert [each.get("allow_paid_broadcast", False) for each in given] == [True, True, True, False]
