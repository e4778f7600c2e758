"""Alarms: raised once, told to the operators, told again while they last, and cleared when their cause is gone."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.contacts import Contact, Contacts
from bot.deadline_settings import Role
from bot.model.clock import Clock, to_millis
from bot.model.errors import trail
from bot.model.message import OutboxItem, Situation
from bot.ports import Storage, Transaction
from bot.ports.watching import Alarm

log = logging.getLogger(__name__)

REPEAT = timedelta(hours=6)
"""How often the staff hear of an alarm that lasts."""
AGAIN = timedelta(hours=1)
"""How soon they hear of one that was over and has come back."""
_LONGEST = 300
"""Characters of what a message to the staff lists; the rest is in `motcua health`."""


_Key = tuple[str, str]
"""(name, subject)."""


class AlarmName(StrEnum):
    """What can be wrong."""

    LEDGER = "ledger"
    """The books do not balance."""
    UNSENT = "unsent"
    """Something is due for long and has not left."""
    FAILURES = "failures"
    """Too many messages of a channel or an agency come to nothing."""
    JOB = "job"
    """A periodic job gives no sign of life."""
    SOURCE = "source"
    """A source gives nothing, or what it gave is too old."""
    RECEIPTS = "receipts"
    """A channel's receipts have stopped."""
    BRAKE = "brake"
    """A source's messages wait for a person, because they are too many."""
    ERASURE = "erasure"
    """Somebody has waited too long for her data to be erased."""
    CLOCK = "clock"
    CONFIG = "config"
    """The file was changed and cannot be used; what runs follows the one before."""
    BACKUP = "backup"
    """The last good backup is too old."""
    RESTORED = "restored"
    """After a return to an older state messages wait for a person."""
    GUESSING = "guessing"
    """Dossier codes are being guessed by many at once."""
    DATABASE = "database"
    """Never stored, for where? Logged, and shown on /metrics."""


TITLES: dict[AlarmName, tuple[str, str]] = {
    AlarmName.LEDGER: ("sổ tin không khớp", "the ledger does not balance"),
    AlarmName.UNSENT: ("tin chờ gửi quá lâu", "messages wait for too long"),
    AlarmName.FAILURES: ("nhiều tin không gửi được", "many messages fail"),
    AlarmName.JOB: ("một việc định kỳ đã dừng", "a periodic job has stopped"),
    AlarmName.SOURCE: ("nguồn hồ sơ không có dữ liệu mới", "a source of dossiers gives nothing new"),
    AlarmName.RECEIPTS: ("không còn báo cáo giao tin", "delivery receipts have stopped"),
    AlarmName.BRAKE: ("tin của một nguồn bị tạm giữ", "the messages of a source are held"),
    AlarmName.ERASURE: ("yêu cầu xóa dữ liệu quá hạn", "requests for erasure are overdue"),
    AlarmName.CLOCK: ("đồng hồ hoặc múi giờ sai", "the clock or the time zone is wrong"),
    AlarmName.CONFIG: ("cấu hình mới không dùng được", "the new configuration cannot be used"),
    AlarmName.BACKUP: ("bản sao lưu đã cũ", "the last good backup is too old"),
    AlarmName.RESTORED: ("tin chờ người xem lại sau phục hồi", "messages wait for a person after a restore"),
    AlarmName.GUESSING: ("có người dò mã hồ sơ", "dossier codes are being guessed"),
    AlarmName.DATABASE: ("cơ sở dữ liệu không trả lời", "the database does not answer"),
}
"""In Vietnamese and English."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong now. Never names a person."""

    name: AlarmName
    subject: str
    vietnamese: str
    english: str
    is_warning: bool = False
    """Shown, and no alarm."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.name.value, self.subject)


@dataclass(frozen=True, slots=True)
class Changed:
    """What one look did to the alarms."""

    raised: Sequence[Alarm]
    cleared: Sequence[Alarm]
    open: Sequence[Alarm]
    """All that are open now."""


class Alarms:
    """The alarms of the whole service; one process at a time stands over them."""

    def __init__(
        self, storage: Storage, contacts: Contacts | None, *, clock: Clock, repeat: timedelta = REPEAT
    ) -> None:
        """Without contacts nobody is told; it is stored and logged all the same."""
        self._storage = storage
        self._contacts = contacts
        self._clock = clock
        self._repeat = repeat

    async def stand(self, causes: Sequence[Cause], *, looked: Collection[AlarmName]) -> Changed:
        """Opens what is new, clears what is gone among the names that were `looked` for, tells the operators; all of it
        in one transaction."""
        wrong = {each.key: each for each in causes if not each.is_warning}
        names = {each.value for each in looked}
        changed = await self._storage.write(lambda tx: self._stand(tx, wrong, names, self._clock()))
        for each in changed.raised:
            log.error("alarm %s %s: %s / %s", each.name, each.subject, each.detail, each.detail_en, extra=_fields(each))
        for each in changed.cleared:
            since = each.since
            log.warning("alarm %s %s is over, it lasted since %s", each.name, each.subject, since, extra=_fields(each))
        return changed

    async def _stand(
        self, tx: Transaction, wrong: Mapping[_Key, Cause], looked: Collection[str], now: datetime
    ) -> Changed:
        known = {(each.name, each.subject): each for each in await tx.watch.alarms()}
        told_before = await tx.watch.lately_told(since=now - AGAIN) if wrong.keys() - known.keys() else {}
        raised = [
            _alarm(cause, since=now, told_at=self._as_told(told_before.get(key)))
            for key, cause in wrong.items()
            if key not in known
        ]
        gone = [each for key, each in known.items() if each.name in looked and key not in wrong]
        lasting = [
            _alarm(wrong[key], since=each.since, told_at=each.told_at) for key, each in known.items() if key in wrong
        ]
        told = await self._tell([each for each in (*raised, *lasting) if self._is_due(each, now)], tx, now)
        raised, lasting = _told(raised, told, now), _told(lasting, told, now)
        await tx.watch.clear_alarms([(each.name, each.subject) for each in gone], at=now)
        await tx.watch.raise_alarms(raised)
        await tx.watch.renew_alarms(lasting)
        unseen = [each for key, each in known.items() if each.name not in looked and key not in wrong]
        return Changed(raised, gone, [*unseen, *lasting, *raised])

    def _is_due(self, alarm: Alarm, now: datetime) -> bool:
        return alarm.told_at is None or now - alarm.told_at >= self._repeat

    def _as_told(self, told_at: datetime | None) -> datetime | None:
        """One that comes and goes is told again an hour after the last time, not each time."""
        return None if told_at is None else told_at - self._repeat + AGAIN

    async def _tell(self, alarms: Sequence[Alarm], tx: Transaction, now: datetime) -> set[_Key]:
        """One message to each operator, however many alarms; those that somebody was told of."""
        items = self._notices(alarms, now)
        await tx.outbox.enqueue(items)
        return {(each.name, each.subject) for each in alarms} if items else set()

    def _notices(self, alarms: Sequence[Alarm], now: datetime) -> list[OutboxItem]:
        if not alarms or self._contacts is None:
            return []
        try:
            key = f"alarm:{to_millis(now)}"
            return [
                self._contacts.notice(each, Situation.ALARM, _values(alarms, each), key=key, now=now)
                for each in self._contacts.of([Role.OPERATOR])
            ]
        except Exception as error:
            # An alarm that cannot be put into words is still raised.
            log.error("the staff could not be told of an alarm: %s", trail(error))
            return []


def _fields(alarm: Alarm) -> dict[str, str]:
    """For whoever collects the log."""
    return {"alarm": alarm.name, "subject": alarm.subject}


def _alarm(cause: Cause, *, since: datetime, told_at: datetime | None) -> Alarm:
    return Alarm(cause.name.value, cause.subject, since, cause.vietnamese, cause.english, told_at)


def _told(alarms: Sequence[Alarm], told: Collection[_Key], now: datetime) -> list[Alarm]:
    return [replace(each, told_at=now) if (each.name, each.subject) in told else each for each in alarms]


def titled(name: str, language: str) -> str:
    """An alarm's name in words."""
    return TITLES[AlarmName(name)][language == "en"] if name in set(AlarmName) else name


def _values(alarms: Sequence[Alarm], contact: Contact) -> dict[str, str]:
    """What the words of `push.alarm` may say."""
    language = contact.language
    names = list(dict.fromkeys(titled(each.name, language) for each in alarms))
    details = [each.detail_en if language == "en" else each.detail for each in alarms]
    return {"name": "; ".join(names), "detail": _shortened("; ".join(details)), "count": str(len(alarms))}


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
