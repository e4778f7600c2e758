"""The commands `motcua audit …`: whether the record of who did what is whole, and what stands in it."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import show
from bot.auditing import Break, Head, Verified, verify
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, plan_of, reading
from bot.command_line import CsvPath as Csv
from bot.command_record import command_entry, looked
from bot.config import Config
from bot.model.audit import Entry, written
from bot.model.clock import VIETNAM
from bot.model.errors import ConfigError
from bot.model.phone import parse_phone
from bot.ports import Storage, Transaction
from bot.ports.personal import Whose
from bot.spreadsheet import write_csv
from bot.texts import show_moment

audit = typer.Typer(
    help="Nhật ký ai làm gì: kiểm chứng, xem, xuất tệp. / The record of who did what: verify, list, export.",
    no_args_is_help=True,
)

By = Annotated[str, typer.Option("--by", help="Chỉ của người này / of this person alone")]
What = Annotated[str, typer.Option("--what", help='Chỉ loại việc này, hoặc phần đầu: "dossier." / kind, or its start')]
Subject = Annotated[
    str, typer.Option("--subject", help="Chỉ về hồ sơ, số, tên này / about this dossier, number, login")
]
Agency = Annotated[str, typer.Option("--agency", help="Chỉ cơ quan này và cấp dưới / this agency and those below it")]
Phone = Annotated[str, typer.Option("--phone", help="Hồ sơ, tin, phản ánh của số này / what is kept of this number")]
_DAYS = ["%Y-%m-%d", "%d/%m/%Y"]
Since = Annotated[datetime | None, typer.Option("--since", formats=_DAYS, help="Từ ngày / from this day")]
Until = Annotated[datetime | None, typer.Option("--until", formats=_DAYS, help="Đến hết ngày / to the end of this day")]

HEADER = ("Số", "Thời gian", "Người", "Qua", "Việc", "Về", "Cơ quan", "Trước", "Sau", "Dấu")

BREAKS: dict[str, str] = {
    "changed": "dòng số {n} (ghi {at}) đã bị sửa, hoặc dòng trước nó / entry {n} (of {at}) was changed",
    "missing": "thiếu dòng số {n}, sau dòng ghi {at} / entry {n} is missing, after the one of {at}",
    "cut": "phần cuối đã bị cắt, từ dòng số {n}; dòng còn lại cuối cùng ghi {at} / "
    "the tail is cut off from entry {n} on; the last one left is of {at}",
    "head": "dấu cuối không khớp với dòng cuối, số {n} (ghi {at}) / what is kept of the end does not fit entry {n}",
    "rewritten": "dấu của dòng số {n} (ghi {at}) khác với dấu đã ghi lại trước đây: cả nhật ký có thể đã bị viết lại / "
    "the digest of entry {n} is not the one that was noted: the record may have been rewritten as a whole",
}


@audit.command("verify")
def verify_(
    head: Annotated[
        str | None,
        typer.Option("--head", help="Dấu đã ghi ở nơi khác trước đây, SỐ:DẤU / a digest noted elsewhere earlier"),
    ] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Kiểm chứng cả nhật ký; mã thoát 1 khi bị sửa. / Verify the whole record; exit code 1 where it is broken."""
    noted = head_of(head) if head else None
    plan = plan_of(config)
    found = in_database(plan.config, lambda storage: verify(storage, noted=noted))
    if json:
        show.as_json(_verified_json(found))
    elif found.broken:
        show.errors.print(f"NHẬT KÝ KHÔNG NGUYÊN VẸN / THE RECORD IS BROKEN: {_told(found.broken)}", soft_wrap=True)
        before = f"Trước đó {show.dotted(found.checked)} dòng đúng. / {found.checked:,} entries before are right."
        show.errors.print(before, soft_wrap=True)
    else:
        whole = f"Nhật ký nguyên vẹn: {show.dotted(found.checked)} dòng. / The record is whole."
        show.console.print(whole, soft_wrap=True)
    if not json:
        last, digest = found.head
        show.console.print(f"Dấu hiện nay, nên ghi lại ở nơi khác / present head: {last}:{digest}", soft_wrap=True)
    _note_verified(plan.config, found)
    if found.broken:
        raise typer.Exit(1)


@audit.command("list")
def list_(
    by: By = "",
    what: What = "",
    subject: Subject = "",
    agency: Agency = "",
    since: Since = None,
    until: Until = None,
    phone: Phone = "",
    limit: Annotated[int, typer.Option(min=1, help="Số dòng / lines")] = ON_SCREEN,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Xem nhật ký, mới nhất trước. / The record, newest first."""
    if phone:
        if by or what or subject or agency:
            raise ConfigError("--phone chỉ đi với --since, --until, --limit / goes with those alone")
        found = _of_person(config, phone, (since, until), limit)
    else:
        found = _found(config, by, what, subject, agency, (since, until), limit)
    if json:
        show.as_json([_entry_json(each) for each in found])
        return
    for each in found:
        values = " → ".join(text for text in (written(each.before), written(each.after)) if text)
        line = f"{each.number}  {show_moment(each.at)}  {each.by or '—'}  {each.what}  {each.subject}  {values}"
        show.console.print(line.rstrip(), soft_wrap=True, markup=False, highlight=False)
    if not found:
        show.console.print("Không có dòng nào. / No entry.")


@audit.command()
def export(
    csv: Csv = None,
    by: By = "",
    what: What = "",
    subject: Subject = "",
    agency: Agency = "",
    since: Since = None,
    until: Until = None,
    config: ConfigPath = HERE,
) -> None:
    """Xuất nhật ký ra tệp CSV cho Excel. / Write the record into a CSV file for Excel."""
    if csv is None:
        raise ConfigError("xin cho biết tệp: --csv TỆP / name the file: --csv FILE")
    found = _found(config, by, what, subject, agency, (since, until), IN_A_FILE)
    filters = {"nguoi": by, "viec": what, "ve": subject, "agency": agency} if found else {}
    days = {"tu": since and f"{since:%Y-%m-%d}", "den": until and f"{until:%Y-%m-%d}"}
    chosen = {name: value for name, value in (filters | days).items() if value}
    taken = command_entry("record.exported", after={"entries": len(found), **chosen})
    in_database(plan_of(config).config, lambda storage: looked(storage, taken))
    write_csv(csv, HEADER, map(row_of, found))
    show.errors.print(f"Đã ghi {show.dotted(len(found))} dòng. / {len(found):,} entries written.")


def _note_verified(config: Config, found: Verified) -> None:
    """Once the finding is told: a broken record may take no more."""
    done = command_entry("record.verified", after={"checked": found.checked, "whole": found.broken is None})
    try:
        in_database(config, lambda storage: looked(storage, done))
    except Exception:
        if found.broken is None:
            raise
        show.errors.print("Nhật ký hỏng không nhận thêm dòng. / The broken record takes no more entries.")


def row_of(each: Entry) -> tuple[object, ...]:
    """A line of the file."""
    return (
        each.number, show_moment(each.at), each.by, each.way, each.what, each.subject, each.agency,
        written(each.before), written(each.after), each.digest,
    )  # fmt: skip


def head_of(text: str) -> Head:
    """`1204:9f86…` as it was printed. Raises `ConfigError`."""
    match = re.fullmatch(r"\s*([1-9][0-9]{0,17}):([0-9a-fA-F]{64})\s*", text)
    if match is None:
        raise ConfigError("--head: xin chép nguyên SỐ:DẤU đã in trước đây / copy NUMBER:DIGEST as it was printed")
    return int(match[1]), match[2].lower()


def _told(broken: Break) -> str:
    return BREAKS[broken.kind].format(n=broken.number, at=show_moment(broken.at) or "—")


def _verified_json(found: Verified) -> dict[str, Any]:
    broken = found.broken
    return {
        "whole": broken is None,
        "checked": found.checked,
        "head": {"number": found.head[0], "digest": found.head[1]},
        "broken": {"kind": broken.kind, "number": broken.number, "at": broken.at} if broken else None,
    }


def _entry_json(each: Entry) -> dict[str, Any]:
    return {
        "number": each.number, "at": each.at, "by": each.by, "way": each.way, "what": each.what,
        "subject": each.subject, "agency": each.agency, "before": dict(each.before), "after": dict(each.after),
        "digest": each.digest,
    }  # fmt: skip


Days = tuple[datetime | None, datetime | None]
"""The first and the last one, as typed."""


def _of_person(config: Path, phone: str, days: Days, limit: int) -> list[Entry]:
    """What was seen and done of somebody's dossiers, messages, feedback and apologies as they are now. That it was
    asked is recorded, and not of whom."""
    number = parse_phone(phone)
    if number is None:
        raise ConfigError(f"“{phone.strip()}” không phải số điện thoại / is no phone number")
    since, end = _span(days)

    async def work(storage: Storage) -> list[Entry]:
        await looked(storage, command_entry("person.traced"))

        async def read(tx: Transaction) -> list[Entry]:
            whose = Whose(number.e164, await tx.privacy.addresses_of(number.e164))
            return await tx.personal.seen(whose, since=since, until=end, limit=limit)

        return await storage.read(read)

    return in_database(plan_of(config).config, work)


def _span(days: Days) -> Days:
    since, until = (each.replace(tzinfo=VIETNAM) if each else None for each in days)
    return since, until + timedelta(days=1) if until else None


def _found(config: Path, by: str, what: str, subject: str, agency: str, days: Days, limit: int) -> list[Entry]:
    agencies = (agency,) if agency else ()
    since, end = _span(days)
    return reading(
        plan_of(config).config,
        lambda tx: tx.audit.listed(agencies, by=by, what=what, subject=subject, since=since, until=end, limit=limit),
    )
