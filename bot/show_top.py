"""How `motcua top` looks: fits 80 columns, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bot.alarms import titled
from bot.looks import CHANNEL, living
from bot.model.clock import VIETNAM
from bot.model.percent import percentage
from bot.readings import Rules
from bot.sending_looks import pace_of
from bot.show_health import HELD
from bot.show_table import Table
from bot.top import MOST, Frame, sent_per_second

_LANES = {"reply": "trả lời/reply", "push": "báo tin/push", "bulk": "phát tin/bulk"}
_WIDEST = (20, 24)
"""Signs of a name, and of what is said of it."""
_PLACE = 8
"""Signs of a process's name that tell it apart."""


def view(frame: Frame, before: Frame | None, rules: Rules, *, lost: str = "") -> RenderableType:
    """`lost`: why the database cannot be read now; what is shown then is the last that was."""
    return Group(*_parts(frame, before, rules, lost))


def waiting_for(why: str) -> RenderableType:
    """Before anything could be read."""
    return Text(f"Cơ sở dữ liệu không trả lời, đang thử lại / no database yet, trying again: {why}", style="red")


def _parts(frame: Frame, before: Frame | None, rules: Rules, lost: str) -> Iterator[RenderableType]:
    yield _head(frame, before)
    if lost:
        yield Text(f"KHÔNG ĐỌC ĐƯỢC, đang thử lại / CANNOT BE READ, trying again: {lost}", style="bold red")
    for alarm in frame.alarms:
        told = f"{titled(alarm.name, 'vi')} / {titled(alarm.name, 'en')} {alarm.subject}, {age(frame.at, alarm.since)}"
        yield Text(f"BÁO ĐỘNG / ALARM  {told}", style="red")
    if not living(frame.beats, frame.at):
        yield Text("Không có tiến trình nào đang chạy / no `motcua run` is running", style="red")
    yield from _queues(frame)
    yield from _gateways(frame)
    yield from _speed(frame, rules)
    yield from _sources(frame, rules)
    yield from _processes(frame)


def _head(frame: Frame, before: Frame | None) -> Text:
    proven = f"{age(frame.at, frame.proof.until)} trước / ago" if frame.proof else "chưa / not yet"
    rate = f"{sent_per_second(frame, before):,.1f}"
    clock = frame.at.astimezone(VIETNAM)
    return Text(f"motcua {clock:%H:%M:%S}  gửi / sent {rate}/s  sổ khớp / ledger proven {proven}", style="bold")


def _table(*columns: str) -> Table:
    """Two columns of words, which are cut where they are long, and figures."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column, widest in zip(columns, _WIDEST, strict=False):
        table.add_column(column, overflow="ellipsis", no_wrap=True, max_width=widest)
    for column in columns[len(_WIDEST) :]:
        table.add_column(column, overflow="ellipsis", no_wrap=True, justify="right")
    return table


def _queues(frame: Frame) -> Iterator[Table]:
    table = _table("Hàng / queue", "Làn / lane", "Chờ / wait", "Lâu nhất / oldest")
    for each in frame.waiting:
        lane = _LANES[each.lane.name.lower()]
        table.add_row(Text(each.channel), lane, _counted(each.items), age(frame.at, each.since))
    for held in frame.held:
        table.add_row("tạm giữ / held", HELD.get(held.why, held.why), _counted(held.items), age(frame.at, held.since))
    if table.row_count:
        yield table


def _gateways(frame: Frame) -> Iterator[Table]:
    """The outcomes are of the last whole minute."""
    table = _table("Cổng / gateway", "", "%", "nhận/ok", "chối/no", "lỗi/err", "?", "tới/dlr")
    outcomes, complaints = frame.outcomes(), _complaints(frame)
    names = {*outcomes, *frame.shares, *frame.pauses, *complaints}
    names |= {each.name.removeprefix("sender:") for each in frame.beats if each.name.startswith("sender:")}
    for name in sorted(names):
        found = outcomes.get(name, {})
        state = "dừng / paused" if name in frame.pauses else "hỏng / down" if name in complaints else ""
        figures = [found.get(word, 0) for word in ("accepted", "rejected", "errors", "uncertain", "delivered")]
        share = f"{frame.shares.get(name, 100)}"
        table.add_row(Text(name), Text(state, style="red"), share, *(f"{each:,}" if each else "·" for each in figures))
    if table.row_count:
        yield table


def _complaints(frame: Frame) -> set[str]:
    alive = living(frame.beats, frame.at)
    return {
        each.name.removeprefix(CHANNEL)
        for each in frame.beats
        if each.name.startswith(CHANNEL) and each.trouble and each.owner in alive
    }


def _speed(frame: Frame, rules: Rules) -> Iterator[Table]:
    quick, slow = rules.watch.quick_seconds, rules.watch.slow_seconds
    table = _table("Làn / lane, 1 h", "", "Tin / sent", f"≤ {quick:g} s", f"> {slow:g} s")
    for each in frame.speeds:
        pace = pace_of(each, rules.watch)
        table.add_row(_LANES[pace.lane], "", f"{pace.messages:,}", percentage(pace.quick_percent, 1), f"{pace.slow:,}")
    if table.row_count:
        yield table


def _sources(frame: Frame, rules: Rules) -> Iterator[Table]:
    table = _table("Nguồn / source", "", "Dữ liệu / data", "Đọc / read")
    for name in sorted({*frame.sources, *rules.sources}):
        state, failure = frame.sources.get(name), frame.failures.get(name)
        words = f"lỗi / failed ×{failure.times}" if failure else "giữ / braked" if state and state.braked_at else ""
        fresh = state.fresh_at or state.synced_at if state else None
        read = state.synced_at if state else None
        table.add_row(
            Text(name), Text(words, style="red"), *(age(frame.at, at) if at else "chưa / never" for at in (fresh, read))
        )
    if table.row_count:
        yield table


def _processes(frame: Frame) -> Iterator[Table]:
    """Each with what it holds alone, and how long it has been silent."""
    table = _table("Tiến trình / process", "Việc / posts", "Im / silent")
    table.columns[1].no_wrap, table.columns[1].max_width = False, None
    latest: dict[str, datetime] = {}
    for beat in frame.beats:
        latest[beat.owner] = max(beat.at, latest.get(beat.owner, beat.at))
    alive = living(frame.beats, frame.at)
    for owner, at in sorted(latest.items()):
        posts = " ".join(name for name, holder in frame.posts.items() if holder == owner) or "—"
        style = "" if owner in alive else "red"
        table.add_row(Text(owner[:_PLACE], style=style), Text(posts), age(frame.at, at))
    strangers = sorted(set(frame.posts.values()) - latest.keys())
    for owner in strangers:
        posts = " ".join(name for name, holder in frame.posts.items() if holder == owner)
        table.add_row(Text(owner[:_PLACE], style="red"), Text(posts), "—")
    if table.row_count:
        yield table


def _counted(number: int) -> str:
    return f"{number:,}" if number < MOST else f"≥ {MOST:,}"


def age(now: datetime, since: datetime) -> str:
    """`45 s`, `12 min`, `3 h`, `2 d`: how long ago."""
    seconds = max(0, int((now - since).total_seconds()))
    for unit, size, most in (("s", 1, 180), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} d"


def as_json(frame: Frame, rules: Rules) -> dict[str, Any]:
    alive, down = living(frame.beats, frame.at), _complaints(frame)
    return {
        "at": frame.at,
        "sent_per_second": round(sent_per_second(frame, None), 2),
        "waiting": [asdict(each) | {"lane": each.lane.name.lower()} for each in frame.waiting],
        "held": [asdict(each) for each in frame.held],
        "last_minute": frame.outcomes(),
        "gateways": {
            name: {"share": frame.shares.get(name, 100), "paused": name in frame.pauses, "down": name in down}
            for name in sorted({*frame.shares, *frame.pauses, *down, *frame.outcomes()})
        },
        "speed": [asdict(pace_of(each, rules.watch)) for each in frame.speeds],
        "sources": {
            name: {"fresh_at": state.fresh_at, "synced_at": state.synced_at, "braked": state.braked_at is not None}
            for name, state in frame.sources.items()
        },
        "failures": {name: {"since": each.since, "times": each.times} for name, each in frame.failures.items()},
        "posts": dict(frame.posts),
        "processes": _living_json(frame.beats, alive),
        "alarms": [asdict(each) for each in frame.alarms],
        "ledger_proven_until": frame.proof.until if frame.proof else None,
    }


def _living_json(beats: Sequence[Any], alive: set[str]) -> dict[str, Any]:
    latest: dict[str, datetime] = {}
    for beat in beats:
        latest[beat.owner] = max(beat.at, latest.get(beat.owner, beat.at))
    return {owner: {"seen_at": at, "alive": owner in alive} for owner, at in sorted(latest.items())}
