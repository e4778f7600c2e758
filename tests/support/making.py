"""Makes the values that flow tests begin with."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from bot.model.dossier import Dossier, Status
from bot.model.ids import NewId
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.planning import Planner, Route
from bot.ports import Batch
from bot.texts import Library

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
OWNER_PHONE = "+84912345678"


@dataclass(slots=True)
class Time:
    """A clock that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


def numbered_ids() -> NewId:
    numbers = count(1)
    return lambda: f"{next(numbers):026}"


def planner(new_id: NewId | None = None, channel: str = "sms") -> Planner:
    return Planner(Route(channel, "sms", plain=True), Library(), new_id or numbered_ids(), "giờ hành chính")


def code(number: int) -> str:
    return f"H32.15-261122-{number:04}"


def dossier(number: int = 1, **changes: Any) -> Dossier:
    made = Dossier(
        source="office",
        code=code(number),
        status=Status.RECEIVED,
        agency_name="UBND phường Vĩnh Hải",
        procedure_name="Đăng ký khai sinh",
        applicant="Nguyễn Thị Ánh",
        phone=OWNER_PHONE,
        received_at=START + timedelta(minutes=1),
        appointment_at=START + timedelta(days=5),
    )
    return replace(made, **changes)


def batch(*dossiers: Dossier, cursor: str = "c") -> Batch:
    return Batch(dossiers, cursor)


_ids = numbered_ids()


def message(**changes: Any) -> OutboxItem:
    """A message that waits; each with an id, key and origin of its own."""
    fresh = changes.get("id") or _ids()
    made = OutboxItem(
        id=fresh,
        dedupe_key=f"key:{fresh}",
        origin=f"test:{fresh}",
        channel="sms",
        address=Address("sms", OWNER_PHONE),
        lane=Lane.PUSH,
        situation=Situation.PROGRESS,
        text="Ho so da duoc tiep nhan.",
        created_at=START,
        next_at=START,
        # Far away: half of the tests that send it run by the machine's own clock.
        expires_at=START + timedelta(days=36500),
    )
    return replace(made, **changes)


@dataclass(slots=True)
class Notebook:
    """Remembers lines in order; for tests that ask what happened when."""

    lines: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        self.lines.append(line)


def states(items: Sequence[OutboxItem]) -> list[str]:
    return [item.state.value for item in items]
