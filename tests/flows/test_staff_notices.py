"""Staff and post office are told in the same transaction as the mirror moves, and once."""

from dataclasses import replace

import pytest

from bot.brake import release
from bot.contacts import Contact, Contacts
from bot.deadline_settings import Role
from bot.mirror import Mirror
from bot.model.dossier import Handing, Status
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Storage
from bot.settings import SourceSettings
from bot.situation_settings import SituationSettings
from bot.situations import Situations
from tests.support.making import Time, batch, dossier, numbered_ids, planner


@pytest.fixture
def time() -> Time:
    return Time()


def _mirror(storage: Storage, time: Time, **rules: object) -> Mirror:
    everyone = Contact("desk", frozenset(Role), (), (Address("telegram", "1"),))
    new_id = numbered_ids()
    silent = Situations(SituationSettings(off=tuple(Situation(each) for each in ("supplement", "supplement_received"))))
    return Mirror(
        "office",
        storage,
        replace(planner(new_id), situations=silent),
        time,
        SourceSettings.model_validate(rules),
        contacts=Contacts([everyone], {"telegram": "telegram"}, new_id),
    )


async def _to_staff(storage: Storage, state: DeliveryState = DeliveryState.QUEUED) -> list[OutboxItem]:
    return [
        item
        for item in await storage.read(lambda tx: tx.outbox.listed(state, limit=1000))
        if item.address.scheme == "telegram"
    ]


async def test_a_second_request_warns_staff_though_the_citizen_is_not_told(storage: Storage, time: Time) -> None:
    mirror = _mirror(storage, time)
    await mirror.apply(batch(dossier()))
    for status in (Status.SUPPLEMENT, Status.PROCESSING, Status.SUPPLEMENT):
        time.pass_(hours=1)
        await mirror.apply(batch(dossier(status=status, supplement="Bản chính")))

    [warning] = await _to_staff(storage)

    assert warning.situation is Situation.SUPPLEMENT_AGAIN
    assert dossier().code in warning.text


async def test_the_post_office_is_told_once_however_often_the_record_comes(storage: Storage, time: Time) -> None:
    mirror = _mirror(storage, time)
    await mirror.apply(batch(dossier()))
    ready = dossier(status=Status.DONE, returned_by=Handing.POST)
    for record in (ready, replace(ready, tracking="EK123456789VN"), dossier(status=Status.PROCESSING), ready):
        await mirror.apply(batch(record))

    assert [item.situation for item in await _to_staff(storage)] == [Situation.COLLECTION]


async def test_the_brake_holds_what_staff_would_be_told_and_a_person_lets_it_go(storage: Storage, time: Time) -> None:
    mirror = _mirror(storage, time, brake_messages=3)
    await mirror.apply(batch(*(dossier(number) for number in range(1, 3))))

    await mirror.apply(
        batch(*(dossier(number, status=Status.DONE, returned_by=Handing.POST) for number in range(1, 3)))
    )

    assert await _to_staff(storage) == []
    assert len(await _to_staff(storage, DeliveryState.HELD)) == 2

    await release(storage, "office", send=True, by="lan", now=time())

    assert len(await _to_staff(storage)) == 2
