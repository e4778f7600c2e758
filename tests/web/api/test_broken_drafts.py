"""What breaks in the middle of drafting a broadcast is made good by the same request, sent again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.model.api import KeyKind
from bot.model.broadcast import Broadcast, BroadcastState
from bot.ports import Storage
from bot.web.api.drafting import HELD
from tests.web.api.breaking import Breaking
from tests.web.api.rig import Answer, Rig, Software, open_rig
from tests.web.api.test_broadcasts import drafted

TAKEN, KEPT, ANSWERED = 1, 2, 8
"""Which write takes the token, which keeps the draft's id, and which the answer."""


@dataclass
class Office:
    api: Rig
    storage: Breaking
    software: Software

    async def asks(self, *phones: str) -> Answer:
        body = drafted(*(phones or ("0912345678", "0987654321")))
        return await self.software.call("POST", "/broadcasts", body, Idempotency_Key="dot-1")

    async def drafts(self) -> list[Broadcast]:
        return await self.api.app.broadcasts.listed((), limit=9)


@pytest.fixture
async def office(sqlite_storage: Storage) -> AsyncIterator[Office]:
    storage = Breaking(sqlite_storage)
    async with open_rig(storage, sends=False) as api:
        software = await api.software(KeyKind.LIVE)
        # From now on its use is not noted any more.
        await software.call("GET", "/notifications")
        yield Office(api, storage, software)


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("number", range(TAKEN, ANSWERED + 1))
async def test_wherever_it_breaks_a_repeat_ends_with_one_draft_and_one_entry(
    office: Office, number: int, *, is_kept: bool
) -> None:
    storage = office.storage
    storage.breaks_at, storage.is_kept, storage.stays_away = number, is_kept, True
    broken = await office.asks()
    assert (broken.status, storage.is_away) == (500, True)
    storage.mend()
    office.api.clock.moved += HELD

    answer, again = await office.asks(), await office.asks()

    assert (answer.status, answer.said["people"]) == (201, 2), answer.text
    assert (again.status, again.text) == (201, answer.text)
    (draft,) = await office.drafts()
    assert (draft.id, draft.state, draft.people) == (answer.said["id"], BroadcastState.DRAFT, 2)
    assert [each.phone for each in await office.api.app.broadcasts.rows(draft.id, limit=9)] == [
        "+84912345678", "+84987654321",
    ]  # fmt: skip
    assert [each.subject for each in await office.api.recorded("broadcast.drafted")] == [draft.id]


@pytest.mark.parametrize("number", range(KEPT, ANSWERED + 1))
async def test_where_the_database_is_back_at_once_nobody_waits(office: Office, number: int) -> None:
    office.storage.breaks_at = number
    broken = await office.asks()

    answer = await office.asks()

    assert (broken.status, answer.status) == (500, 201)
    assert len(await office.drafts()) == 1


async def test_until_the_hold_is_over_a_repeat_after_a_crash_waits(office: Office) -> None:
    office.storage.breaks_at, office.storage.stays_away = KEPT + 1, True
    await office.asks()
    office.storage.mend()

    answer = await office.asks()

    assert (answer.status, answer.problem) == (409, "being_done")
    assert answer.headers["Retry-After"]


async def test_another_body_does_not_go_on_with_what_was_broken_off(office: Office) -> None:
    office.storage.breaks_at = KEPT + 1
    await office.asks()

    answer = await office.asks("0911111111")

    assert (answer.status, answer.problem) == (422, "other_body")
    assert len(await office.drafts()) == 1


async def test_what_staff_have_made_of_a_half_made_draft_stays(office: Office) -> None:
    office.storage.breaks_at = ANSWERED
    await office.asks()
    (draft,) = await office.drafts()
    await office.api.app.broadcasts.cancel(draft.id, by="lan", why="nhầm")

    answer = await office.asks()

    assert (answer.status, answer.said["state"]) == (201, "cancelled")
    assert len(await office.drafts()) == 1
