"""The fallback matrix: every kind of channel, everything that its provider may say or leave unsaid → the next step."""

from dataclasses import dataclass

import pytest

from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    OutboxItem,
    Outcome,
    Rejected,
    Retry,
    Uncertain,
)
from bot.ports import Storage
from tests.flows.fallback import CHANNEL_OF, Walk, news

SCHEMES = ("zalo", "zalophone", "zalobot", "telegram", "webchat", "sms")
WITH_RECEIPTS = ("zalo", "zalophone", "sms")
WITH_TIMER = ("zalo", "zalophone")
"""By default only what is on the phone is a success there."""

TAKEN = Accepted(("r-1",))
MOVES = "moves"
"""It waits for its next way."""
STAYS = "stays"
"""It waits for this way."""


@dataclass(frozen=True)
class Case:
    """What happens on the first way: the answer, then perhaps a receipt, then silence."""

    name: str
    outcome: Outcome
    receipt: DeliveryState | None = None
    hours: float = 0.0


CASES = (
    Case("accepted", TAKEN),
    Case("accepted for good", Accepted(("r-1",), final=True)),
    Case("accepted, delivered", TAKEN, DeliveryState.DELIVERED),
    Case("accepted, failed", TAKEN, DeliveryState.FAILED),
    Case("accepted, expired", TAKEN, DeliveryState.EXPIRED),
    Case("accepted, silence", TAKEN, hours=2),
    Case("refused", Rejected("no")),
    Case("blocked", Rejected("no", blocked=True)),
    Case("busy", Retry("busy")),
    Case("too fast", Retry("slow down", 5, counts=False)),
    Case("better elsewhere", Retry("quota", 3600, counts=False, elsewhere=True)),
    Case("night", Retry("night", 8 * 3600, counts=False)),
    Case("channel down", ChannelDown("key")),
    Case("no answer", Uncertain("silence", ("r-1",))),
    Case("no answer, silence", Uncertain("silence", ("r-1",)), hours=48),
    Case("no answer, failed", Uncertain("silence", ("r-1",)), DeliveryState.FAILED),
    Case("no answer, delivered", Uncertain("silence", ("r-1",)), DeliveryState.DELIVERED),
    Case("no answer, taken, silence", Uncertain("silence", ("r-1",)), DeliveryState.ACCEPTED, hours=2),
)


def expected(scheme: str, case: Case) -> str:
    """The right next step."""
    has_receipts, has_timer = scheme in WITH_RECEIPTS, scheme in WITH_TIMER
    match case.name:
        case "refused" | "blocked" | "better elsewhere" | "no answer, failed":
            return MOVES
        case "busy" | "too fast" | "night" | "channel down":
            return STAYS
        case "no answer" | "no answer, silence":
            return "uncertain"
        case "no answer, delivered" | "accepted for good" | "accepted, delivered":
            return "delivered"
        case "no answer, taken, silence":
            return MOVES if has_timer else "accepted"
        case "accepted":
            return "accepted" if has_receipts else "delivered"
        case "accepted, failed" | "accepted, expired":
            # Where no receipts come, what was taken is where the citizen sees it.
            return MOVES if has_receipts else "delivered"
        case "accepted, silence":
            return MOVES if has_timer else "accepted" if has_receipts else "delivered"
        case _:
            raise AssertionError(case.name)


def step_of(item: OutboxItem) -> str:
    if item.state is DeliveryState.QUEUED:
        return MOVES if item.way else STAYS
    return str(item.state)


async def played(walk: Walk, item: OutboxItem, case: Case) -> OutboxItem:
    first = item.address.scheme
    await walk.plan(item)
    await walk.send(item, case.outcome)
    if case.receipt:
        await walk.hear(CHANNEL_OF.get(first, first), "r-1", case.receipt)
    await walk.look(hours=case.hours)
    return await walk.now(item)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_every_pair_of_channel_and_outcome_leads_to_the_right_next_step(
    storage: Storage, scheme: str, case: Case
) -> None:
    walk = Walk(storage)
    item = news(scheme, "zalobot" if scheme == "sms" else "sms")

    now = await played(walk, item, case)

    assert step_of(now) == expected(scheme, case)
    assert now.way == (expected(scheme, case) == MOVES)
    assert await walk.is_balanced()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_on_the_last_way_nothing_is_left_but_to_wait_or_to_say_that_it_failed(
    sqlite_storage: Storage, scheme: str, case: Case
) -> None:
    walk = Walk(sqlite_storage)

    now = await played(walk, news(scheme), case)

    ends = {"blocked": "failed", "refused": "failed", "better elsewhere": STAYS, "no answer, failed": "failed"}
    told = {"accepted, failed": "failed", "accepted, expired": "expired"} if scheme in WITH_RECEIPTS else {}
    silent = {"accepted, silence": "accepted", "no answer, taken, silence": "accepted"}
    wanted = (ends | told | (silent if scheme in WITH_TIMER else {})).get(case.name, expected(scheme, case))
    assert (step_of(now), now.way, now.fallback_at) == (wanted, 0, None)
