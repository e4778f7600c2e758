"""Looks at the books, the queues, the jobs and the sources: what of them is wrong."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.alarms import AlarmName, Cause
from bot.beats import patience
from bot.ports.restoring import RESTORED
from bot.ports.watching import Heartbeat
from bot.readings import Readings, Rules

GONE = timedelta(seconds=45)
"""A process that has written down nothing for so long has stopped: three times what it takes, and less than any of its
jobs is given, so that none of them is missed where another process has taken it over."""
UNHELD = 60.0
"""Seconds for which a job may wait for a process: a restart takes less."""
FAILING = timedelta(minutes=10)
"""How long a source may fail before it is an alarm."""

SENDER, LISTENER, SOURCE, CHANNEL, CLOCK = "sender:", "listener:", "source:", "channel:", "clock:"
CONFIG = "config:"
BACKUP = "backup:"
GUESSING = "guessing:"
"""Beginnings of the names of jobs; a channel's or source's name, or what the clock is compared with, follows."""


def ledger(readings: Readings, rules: Rules) -> Iterator[Cause]:
    if readings.askew:
        first = readings.askew[0].origin
        yield Cause(
            AlarmName.LEDGER,
            "plans",
            f"{len(readings.askew)} sự kiện có số tin không khớp, đầu tiên {first}",
            f"{len(readings.askew)} events do not balance, the first is {first}",
        )
    if readings.fateless:
        yield Cause(
            AlarmName.LEDGER,
            "changes",
            f"{readings.fateless} thay đổi không rõ đã xử lý thế nào",
            f"{readings.fateless} changes of which nobody says what came of them",
        )
    if readings.unanswered:
        yield Cause(
            AlarmName.LEDGER,
            "inbound",
            f"{readings.unanswered} tin của công dân chưa được xử lý",
            f"{readings.unanswered} citizens' messages without an outcome",
        )


def unsent(readings: Readings, rules: Rules) -> Iterator[Cause]:
    limit = timedelta(minutes=rules.watch.unsent_minutes)
    for each in readings.waiting:
        age = readings.at - each.since
        if age > limit:
            minutes = age.total_seconds() / 60
            lane = each.lane.name.lower()
            yield Cause(
                AlarmName.UNSENT,
                f"{each.channel}/{lane}",
                f"{each.channel}: {each.items} tin chờ gửi ({lane}), lâu nhất {minutes:.0f} phút",
                f"{each.channel}: {each.items} messages wait ({lane}), the oldest for {minutes:.0f} min",
            )


WARN_OF_ERASURE, ERASURE = timedelta(hours=48), timedelta(hours=72)
"""How long a request for erasure may wait: Luật 91/2025/QH15."""


def erasures(readings: Readings, rules: Rules) -> Iterator[Cause]:
    old = [at for at in readings.erasures if readings.at - at >= WARN_OF_ERASURE]
    if not old:
        return
    age = readings.at - min(old)
    hours = age // timedelta(hours=1)
    yield Cause(
        AlarmName.ERASURE,
        "requests",
        f"{len(old)} yêu cầu xóa dữ liệu chưa làm, lâu nhất {hours} giờ, hạn 72 giờ",
        f"{len(old)} requests for erasure wait, the oldest for {hours} h of 72",
        is_warning=age < ERASURE,
    )


def living(beats: Sequence[Heartbeat], now: datetime) -> set[str]:
    """Processes that have written something down lately."""
    latest: dict[str, datetime] = {}
    for each in beats:
        latest[each.owner] = max(each.at, latest.get(each.owner, each.at))
    return {owner for owner, at in latest.items() if now - at <= GONE}


def jobs(readings: Readings, rules: Rules) -> Iterator[Cause]:
    """A job of a living process is missed there; one of a process that is gone only where no other process has it. What
    that one complained of nobody takes back any more: who lives complains anew."""
    alive = living(readings.beats, readings.at)
    covered = {each.name for each in readings.beats if each.owner in alive}
    seen: set[str] = set()
    for each in sorted(readings.beats, key=lambda beat: beat.at):
        is_covered = each.owner not in alive and (each.name in covered or _is_dismissed(each.name, rules))
        silence = (readings.at - each.at).total_seconds()
        if is_covered or each.name in seen or (each.trouble and each.owner not in alive):
            continue
        if each.trouble:
            seen.add(each.name)
            yield _complaint(each)
        elif silence > patience(each.every) and not each.name.startswith((CHANNEL, CLOCK)):
            seen.add(each.name)
            yield _silent(each, silence)


def unheld(readings: Readings, rules: Rules) -> Iterator[Cause]:
    """A job that one process does at a time, and none does: where it was stopped in order nobody else misses it."""
    for name, since in readings.unheld.items():
        silence = (readings.at - since).total_seconds()
        if silence > UNHELD:
            minutes = silence / 60
            yield Cause(
                AlarmName.JOB,
                f"post {name}",
                f"{name}: {minutes:.0f} phút không tiến trình nào làm (xem vai trong docs/vai.md)",
                f"{name}: no process has done it for {minutes:.0f} min (see the roles in docs/vai.md)",
            )


def _is_dismissed(name: str, rules: Rules) -> bool:
    """The channel or source of a process that died is no longer in the configuration."""
    kind, _, subject = name.partition(":")
    known = rules.sources if f"{kind}:" == SOURCE else rules.receipts
    return bool(subject) and subject not in known


_COMPLAINTS = {
    CLOCK: AlarmName.CLOCK,
    CONFIG: AlarmName.CONFIG,
    BACKUP: AlarmName.BACKUP,
    GUESSING: AlarmName.GUESSING,
}


def _complaint(beat: Heartbeat) -> Cause:
    name = _COMPLAINTS.get(f"{beat.name.partition(':')[0]}:", AlarmName.UNSENT)
    return Cause(name, beat.name.partition(":")[2] or beat.name, beat.trouble, beat.trouble_en)


def _silent(beat: Heartbeat, seconds: float) -> Cause:
    minutes = seconds / 60
    if beat.name.startswith(SOURCE):
        source = beat.name.removeprefix(SOURCE)
        return Cause(
            AlarmName.SOURCE,
            source,
            f"{source}: {minutes:.0f} phút chưa đọc được lần nào",
            f"{source}: not read for {minutes:.0f} min",
        )
    return Cause(
        AlarmName.JOB,
        beat.name,
        f"{beat.name}: {minutes:.0f} phút không có dấu hiệu chạy",
        f"{beat.name}: no sign of life for {minutes:.0f} min",
    )


def restored(readings: Readings, rules: Rules) -> Iterator[Cause]:
    for held in readings.held:
        if held.why == RESTORED:
            yield Cause(
                AlarmName.RESTORED,
                "",
                f"{held.items:,} tin giữ lại sau khi phục hồi, chờ người xem: motcua restored list",
                f"{held.items:,} messages wait for a person after a restore: motcua restored list",
            )


def sources(readings: Readings, rules: Rules) -> Iterator[Cause]:
    silent = {each.subject for each in jobs(readings, rules) if each.name is AlarmName.SOURCE}
    for name, each in rules.sources.items():
        state, failure = readings.sources.get(name), readings.source_failures.get(name)
        if state and state.braked_at:
            yield Cause(
                AlarmName.BRAKE,
                name,
                f"{name}: quá nhiều tin một lúc, đang chờ người xem lại",
                f"{name}: too many messages at once, they wait for a person",
            )
        fresh_at = (state.fresh_at or state.synced_at) if state else None
        age = readings.at - (fresh_at or rules.begun)
        if name in silent:
            continue
        if age > timedelta(seconds=each.stale_after):
            minutes = age.total_seconds() / 60
            vietnamese = f"{minutes / 60:.1f} giờ" if minutes >= 60 else f"{minutes:.0f} phút"
            english = f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"
            yield Cause(
                AlarmName.SOURCE, name, f"{name}: dữ liệu đã cũ {vietnamese}", f"{name}: its data is {english} old"
            )
        elif failure and readings.at - failure.since > FAILING:
            times = failure.times
            yield Cause(
                AlarmName.SOURCE, name, f"{name}: đọc lỗi {times} lần liền", f"{name}: failed {times} times in a row"
            )
