"""How `motcua lookup` prints a dossier: what is known of it, who held it, what changed, what was told to whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.text import Text

from bot.histories import History
from bot.model.dossier import PLANNED, TOLD_ALONG, Change, ChangeKind, Dossier, Handing, Status, Step
from bot.model.message import OutboxItem
from bot.planning import origin_of
from bot.ports import LateEvent
from bot.show import console
from bot.show_table import Table
from bot.texts import Catalogue, sentence, show_moment

_CHANGE_WORDS: Mapping[ChangeKind, str] = {
    ChangeKind.APPEARED: "mới thấy / appeared",
    ChangeKind.STATUS: "trạng thái / status",
    ChangeKind.SUPPLEMENT: "bổ sung / supplement",
    ChangeKind.APPOINTMENT: "ngày hẹn / appointment",
    ChangeKind.STEP: "bước xử lý / step",
    ChangeKind.PHONE: "số điện thoại / phone",
    ChangeKind.OWNER: "chủ hồ sơ / applicant",
    ChangeKind.DETAILS: "chi tiết / details",
}


_HANDINGS: Mapping[Handing | None, str] = {
    None: "",
    Handing.COUNTER: "quầy / counter",
    Handing.ONLINE: "trực tuyến / online",
    Handing.POST: "bưu chính / post",
}


def history(found: History, catalogue: Catalogue) -> None:
    """A dossier with its course, its changes, and what became of the messages about it."""
    dossier = found.dossier
    table = Table(show_header=False)
    for label, value in {
        "Mã hồ sơ / code": dossier.code,
        "Nguồn / source": dossier.source,
        "Số liệu lúc / data as of": show_moment(found.as_of),
        "Trạng thái / status": catalogue.status(dossier.status, dossier.status_text),
        "Thủ tục / procedure": f"{dossier.procedure} {dossier.procedure_name}".strip(),
        "Cơ quan / agency": dossier.agency_name,
        "Tiếp nhận / received": show_moment(dossier.received_at),
        "Hẹn trả / appointment": show_moment(dossier.appointment_at),
        "Hạn tính lại / due": _due(dossier),
        "Đã hẹn lại / promised": show_moment(dossier.promised_at),
        "Nộp qua / filed by": _HANDINGS[dossier.filed_by],
        "Trả qua / returned by": _HANDINGS[dossier.returned_by],
        "Mã bưu gửi / tracking": dossier.tracking,
        "Phí, lệ phí / fee": dossier.fee,
        "Đã nộp lúc / paid": show_moment(dossier.fee_paid_at),
        "Tạm dừng từ / paused since": show_moment(dossier.paused_at),
        "Bổ sung / supplement": dossier.supplement,
        "Hạn bổ sung / supplement until": show_moment(dossier.supplement_until),
        "Lý do / reason": dossier.reason,
        "Nơi nhận / place": dossier.place,
    }.items():
        if value:
            table.add_row(label, Text(value))
    console.print(table)
    _steps(dossier.steps, catalogue)
    for wait in dossier.waits:
        until = show_moment(wait.answered_at) or "chưa nộp / not yet handed in"
        _say(f"  Chờ bổ sung / waited for a supplement: {show_moment(wait.asked_at)} → {until}")
    for pause in dossier.pauses:
        _say(f"  Tạm dừng / paused: {show_moment(pause.asked_at)} → {show_moment(pause.answered_at)}")
    _changes(found.changes, found.messages, catalogue)
    for event in found.late:
        _say(f"  ⤺ {_late(event, catalogue)}")


def _due(dossier: Dossier) -> str:
    """The deadline where the source's rule for supplements makes it another one than the appointment."""
    if dossier.due_at == dossier.appointment_at:
        return ""
    if dossier.due_at is None and dossier.status is Status.SUPPLEMENT:
        return "đang dừng, chờ bổ sung / the clock stands until the supplement comes"
    if dossier.due_at is None and dossier.paused_at is not None:
        return f"đang tạm dừng từ / the clock stands since {show_moment(dossier.paused_at)}"
    return show_moment(dossier.due_at)


def _steps(steps: Sequence[Step], catalogue: Catalogue) -> None:
    if not steps:
        return
    table = Table(
        "Cơ quan / agency", "Người giữ / holder", "Việc / task", "Trạng thái / status",
        "Từ / since", "Hạn / due", "Xong / ended",
    )  # fmt: skip
    for step in steps:
        held = (step.agency, step.holder, step.task, "" if step.status is None else catalogue.status(step.status))
        times = (step.started_at, step.due_at, step.ended_at)
        table.add_row(*(Text(cell or "—") for cell in (*held, *map(show_moment, times))))
    console.print(table)


def _changes(changes: Sequence[Change], messages: Sequence[OutboxItem], catalogue: Catalogue) -> None:
    told: dict[str, list[OutboxItem]] = {}
    for item in messages:
        told.setdefault(item.origin, []).append(item)
    for change in changes:
        _say(f"  {change.number}. {show_moment(change.at)}  {_CHANGE_WORDS[change.kind]}: {_what(change, catalogue)}")
        for item in told.get(origin_of(change), []):
            _say(f"     {item.channel} {item.address}: {sentence(item, catalogue.language)}")
        if change.fate not in ("", PLANNED, TOLD_ALONG):
            _say(f"     không báo / not told: {change.fate}")


def _what(change: Change, catalogue: Catalogue) -> str:
    if change.kind is ChangeKind.APPOINTMENT:
        return f"{_moment(change.appointment_before)} → {_moment(change.appointment_after)}"
    return catalogue.status(change.status_after)


def _late(event: LateEvent, catalogue: Catalogue) -> str:
    version = f"phiên bản / version {event.sequence}" if event.sequence is not None else show_moment(event.updated_at)
    said = [
        "" if event.status is None else catalogue.status(event.status, event.status_text),
        f"hẹn trả / appointment {show_moment(event.appointment_at)}" if event.appointment_at else "",
    ]
    return (
        f"{show_moment(event.seen_at)}  đến muộn, không áp dụng / came late, not applied ({version}): "
        f"{', '.join(filter(None, said)) or '—'}"
    )


def _moment(at: datetime | None) -> str:
    return show_moment(at) or "—"


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
