"""Dossiers with deadlines, apologies and messages, as the pages of the day and of the apology desk show them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.apology_desk import desk_of
from bot.drafting import Wishes
from bot.model.apology import Apology
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier, Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.ports import QUIET, Mirrored, Settlement, SourceState
from tests.support.making import OWNER_PHONE, code, dossier, message
from tests.web.console.rig import Rig

PROVINCE, WARD, OTHER = "H32", "H32.15", "H32.20"


async def mirrored(rig: Rig, number: int, *, due: datetime, agency: str = WARD, **changes: Any) -> Dossier:
    """A dossier in work with this deadline, which the mirror has known for long."""
    values = {"status": Status.PROCESSING, "agency": agency, "appointment_at": due, "received_at": due - DAYS_20}
    made = dossier(number, **values | changes)
    kept = Mirrored.of(made, 1)._replace(progressed_at=due - DAYS_20)
    now = rig.clock()

    async def work(tx: Any) -> None:
        if await tx.sources.get(made.source) is None:
            await tx.sources.save(made.source, SourceState(None, now - DAYS_20, now, now, revision=1))
        await tx.dossiers.save([kept], at=due - DAYS_20)

    await rig.storage.write(work)
    return made


DAYS_20 = timedelta(days=20)


def soon(rig: Rig, days: int = 4) -> datetime:
    """The closing hour some working days on."""
    calendar = rig.app.calendars.of(WARD)
    return calendar.closing(calendar.add_days(rig.clock().astimezone(VIETNAM).date(), days))


def next_date(rig: Rig, days: int = 9) -> str:
    """A working day, as a date field has it."""
    return soon(rig, days).astimezone(VIETNAM).date().isoformat()


async def drafted(rig: Rig, number: int = 1, *, by: str = "", agency: str = WARD, **wishes: Any) -> Apology:
    """A draft for a dossier that is due in four working days; `by` nobody: the watch."""
    await mirrored(rig, number, due=soon(rig), agency=agency)
    desk = desk_of(rig.app.plan, rig.storage, rig.app.planner, rig.app.reach, clock=rig.clock)
    made = await desk.draft("office", code(number), Wishes(**wishes), by=by)
    assert isinstance(made, Apology)
    return made


async def planned(rig: Rig, number: int, **changes: Any) -> OutboxItem:
    """A message about a dossier to its owner."""
    now = rig.clock()
    at = changes.pop("at", now)
    item = message(
        id=id_maker(lambda: at)(), source="office", code=code(number), agency=WARD,
        address=Address("sms", OWNER_PHONE), created_at=at, next_at=at, expires_at=at + timedelta(days=2),
    )  # fmt: skip
    item = replace(item, **changes)
    await rig.storage.write(lambda tx: tx.outbox.enqueue([item]))
    return item


async def failed(rig: Rig, number: int, *, reason: str = "ESME_RINVDSTADR (0xB)", **changes: Any) -> OutboxItem:
    now = rig.clock()
    return await planned(rig, number, state=DeliveryState.FAILED, reason=reason, settled_at=now, **changes)


async def held_for_the_night(rig: Rig, number: int, *, held_for: str = QUIET, **changes: Any) -> OutboxItem:
    """Waits for the end of quiet hours, or for what else is named."""
    item = await planned(rig, number, **changes)
    now = rig.clock()
    until = now + timedelta(hours=8)
    await rig.storage.write(
        lambda tx: tx.outbox.claim(item.channel, owner="o", now=now, lease_until=until, limit=1_000)
    )
    held = Settlement(
        item_id=item.id, owner="o", state=DeliveryState.HELD, at=now, next_at=until, held_for=held_for,
        reason="quiet hours until", attempted=False,
    )  # fmt: skip
    await rig.storage.write(lambda tx: tx.outbox.settle([held]))
    return item
