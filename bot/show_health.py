"""How the service's health is printed: what is wrong now in words, and the figures behind it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from bot.alarms import Cause, titled
from bot.model.percent import percentage
from bot.ports.watching import Alarm, Unreached
from bot.readings import Readings, Rules
from bot.sending_looks import pace_of
from bot.show import console, errors
from bot.show_table import Table
from bot.texts import show_moment
from bot.unreachable import why

HELD = {
    "": "người xem lại / a person",
    "budget": "kinh phí / budget",
    "quiet": "giờ yên tĩnh / quiet hours",
    "restored": "người xem lại sau phục hồi / a person, after a restore",
    "broadcast": "đợt phát tin tạm dừng / its broadcast is paused",
}


def health(readings: Readings, alarms: Sequence[Alarm], causes: Sequence[Cause], rules: Rules) -> None:
    """Alarms first, then what is merely worth a look, then figures."""
    for alarm in alarms:
        title = f"{titled(alarm.name, 'vi')} / {titled(alarm.name, 'en')}"
        errors.print(f"BÁO ĐỘNG / ALARM  {title}, từ / since {show_moment(alarm.since)}", style="red", soft_wrap=True)
        errors.print(f"    {alarm.detail} / {alarm.detail_en}", style="red", soft_wrap=True)
    for cause in causes:
        if cause.is_warning:
            _say(f"Lưu ý / note  {cause.vietnamese} / {cause.english}")
    if not alarms:
        _say("Không có báo động nào. / No alarm is open.")
    _queues(readings)
    _speed(readings, rules)
    proven = readings.proof.until if readings.proof else None
    _say(f"Sổ đã chứng minh khớp đến / the ledger is proven until: {show_moment(proven) or 'chưa / not yet'}")


def _queues(readings: Readings) -> None:
    table = Table("Kênh / channel", "Làn / lane", "Tin chờ / waiting", "Lâu nhất / oldest")
    for each in readings.waiting:
        age = (readings.at - each.since).total_seconds()
        table.add_row(Text(each.channel), each.lane.name.lower(), f"{each.items:,}", f"{age:,.0f} s")
    for held in readings.held:
        age = (readings.at - held.since).total_seconds()
        table.add_row("tạm giữ / held", HELD.get(held.why, held.why), f"{held.items:,}", f"{age:,.0f} s")
    if table.row_count:
        console.print(table)


def _speed(readings: Readings, rules: Rules) -> None:
    quick, slow = rules.watch.quick_seconds, rules.watch.slow_seconds
    table = Table("Làn / lane", "Trong / over", "Tin / messages", f"≤ {quick:g} s", f"> {slow:g} s")
    for span, speeds in (("1 giờ / hour", readings.hour), ("1 ngày / day", readings.day)):
        for each in speeds:
            pace = pace_of(each, rules.watch)
            table.add_row(pace.lane, span, f"{pace.messages:,}", percentage(pace.quick_percent, 1), f"{pace.slow:,}")
    if table.row_count:
        console.print(table)


def health_json(readings: Readings, alarms: Sequence[Alarm], causes: Sequence[Cause], rules: Rules) -> dict[str, Any]:
    speeds = (("hour", readings.hour), ("day", readings.day))
    return {
        "healthy": not alarms,
        "alarms": [asdict(each) for each in alarms],
        "warnings": [
            {"name": each.name.value, "subject": each.subject, "detail": each.vietnamese, "detail_en": each.english}
            for each in causes
            if each.is_warning
        ],
        "waiting": [asdict(each) | {"lane": each.lane.name.lower()} for each in readings.waiting],
        "held": [asdict(each) for each in readings.held],
        "speed": {span: [asdict(pace_of(each, rules.watch)) for each in found] for span, found in speeds},
        "failures": [asdict(each) for each in readings.failed],
        "ledger": {
            "proven_until": readings.proof.until if readings.proof else None,
            "proven_whole_at": readings.proof.whole_at if readings.proof else None,
            "imbalances": [asdict(each) for each in readings.askew],
            "fateless": readings.fateless,
            "unanswered": readings.unanswered,
        },
        "jobs": [
            {"name": each.name, "owner": each.owner, "at": each.at, "every": each.every} for each in readings.beats
        ],
    }


def unreachable(found: Sequence[Unreached], *, is_more: bool) -> None:
    """Numbers are masked; names are in the file alone."""
    if not found:
        _say("Không có công dân nào không liên lạc được. / Everybody could be reached.")
        return
    table = Table("Mã hồ sơ / code", "Cơ quan / agency", "Tới / to", "Loại tin / about", "Lúc / at", "Lý do / why")
    table.columns[0].no_wrap = True
    for each in found:
        agency = each.agency_name or each.agency or "—"
        table.add_row(each.code, Text(agency), str(each.address), each.situation, show_moment(each.at), Text(why(each)))
    console.print(table)
    if is_more:
        _say("… còn nữa, xem --file / there are more, see --file")


def unreachable_json(found: Sequence[Unreached]) -> list[dict[str, Any]]:
    """Without name and phone, as on the screen."""
    return [
        {
            "code": each.code,
            "source": each.source,
            "agency": each.agency,
            "address": str(each.address),
            "situation": each.situation,
            "state": each.state.value,
            "reason": each.reason,
            "at": each.at,
        }
        for each in found
    ]


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
