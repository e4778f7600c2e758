"""How it is printed what a reading of a source came to, and a comparison with it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.ports import Applied, Reconciliation
from bot.show import console, errors
from bot.show_table import Table
from bot.texts import show_moment
from bot.upkeep import Compared, Retried, Tell


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell]:
    """Counts on standard error while a source is read."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} dòng / rows"), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=quiet) as bar:
        task = bar.add_task("", total=None, visible=False)

        def tell(applied: Applied) -> None:
            bar.update(task, advance=applied.rows + applied.quarantined, visible=True)

        yield tell


def totals(total: Applied, source: str) -> None:
    """What a reading came to, and what to do about what waits."""
    late, held, missing = len(total.late), total.held, len(total.missing)
    _say(
        f"Đã đọc {total.rows:,} dòng, {total.changed:,} hồ sơ mới hoặc thay đổi, {total.planned:,} tin đã lập, "
        f"{total.quarantined:,} chỗ không đọc được."
    )
    _say(
        f"{total.rows:,} rows read, {total.changed:,} dossiers new or changed, {total.planned:,} messages planned, "
        f"{total.quarantined:,} places not understood."
    )
    if held:
        _say(f"Phanh đang giữ {held:,} tin trong số đó / the brake holds {held:,} of them: motcua source status")
    if late:
        _say(f"{late:,} bản ghi đến muộn, không áp dụng / came after newer ones and were not applied")
    if missing:
        _say(f"{missing:,} báo tiến độ về hồ sơ chưa có / reports of progress on dossiers that are not mirrored")
    if total.quarantined:
        _say(f"Chỗ không đọc được / what was not understood: motcua quarantine list --source {source}")


def totals_json(total: Applied) -> dict[str, int]:
    """The same as numbers: the codes are for `motcua lookup`."""
    return {word: len(value) if isinstance(value, tuple) else value for word, value in asdict(total).items()}


def retried(result: Retried, source: str) -> None:
    _say(
        f"Nay đọc được {result.cured:,} chỗ, còn {result.remaining:,} chỗ không đọc được. / "
        f"{result.cured:,} cured, {result.remaining:,} remain."
    )
    if result.applied.rows:
        totals(result.applied, source)


def retried_json(result: Retried) -> dict[str, Any]:
    return {"cured": result.cured, "remaining": result.remaining, "applied": totals_json(result.applied)}


def compared(found: Compared) -> None:
    """The comparison; where there was a repair, what it came to and the comparison after it."""
    reconciliation(found.first)
    if found.repair is not None:
        totals(found.repair, found.first.source)
        reconciliation(found.last)


def compared_json(found: Compared) -> dict[str, Any]:
    return reconciliation_json(found.last) | {"repair": totals_json(found.repair) if found.repair else None}


_MEANINGS: Mapping[str, str] = {
    "missing_here": "nguồn có mà bản sao chưa có: thêm --repair để đọc lại / the source has it, the mirror does not",
    "missing_there": "bản sao có hồ sơ đang xử lý mà nguồn không còn: hỏi nguồn đã xóa, đổi mã hay chỉ xuất một phần / "
    "in work here, no longer at the source",
    "differing": "hai bên ghi khác nhau: thêm --repair để lấy theo nguồn / the two say different things",
    "unread": "mới hơn lần đọc cuối, lần sau sẽ đọc, không phải lỗi / newer than the last reading, no fault",
    "quarantined": "nguồn có nhưng không đọc được: motcua quarantine list / cannot be read",
}


_NAMES: Mapping[str, str] = {
    "missing_here": "Thiếu ở đây / missing here",
    "missing_there": "Thiếu ở nguồn / missing there",
    "differing": "Khác nhau / differs",
    "unread": "Chưa đọc / not read yet",
    "quarantined": "Không đọc được / quarantined",
}


def reconciliation(report: Reconciliation) -> None:
    """The counts, the first codes of each kind, and what each word means."""
    _say(
        f"{report.source}: đối chiếu lúc / compared at {show_moment(report.ended_at)}, "
        f"nguồn có / the source has {report.compared:,} hồ sơ / dossiers"
    )
    table = Table("", "Số / number", "Nghĩa là / meaning", show_lines=True)
    table.columns[1].justify = "right"
    for kind, name in _NAMES.items():
        table.add_row(name, f"{getattr(report, kind):,}", _MEANINGS[kind])
    console.print(table)
    for kind, codes in report.named.items():
        if codes:
            _say(f"{_NAMES[kind]}: {', '.join(codes)}{' …' if len(codes) < getattr(report, kind) else ''}")
    if report.agrees:
        _say("Bản sao khớp với nguồn. / The mirror agrees with the source.")
    else:
        errors.print("Bản sao không khớp với nguồn. / The mirror disagrees with the source.", style="red")


def reconciliation_counts(report: Reconciliation) -> str:
    return ", ".join(f"{getattr(report, kind):,} {name.lower()}" for kind, name in _NAMES.items())


def reconciliation_json(report: Reconciliation) -> dict[str, Any]:
    return asdict(report) | {"agrees": report.agrees}


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
