"""The commands `motcua apology …`: the desk at which apologies are drafted, changed, approved by another person."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot import app, show, show_apologies
from bot.apologies import ApologyDesk
from bot.apology_desk import desk_of, drafting_of, for_the_record
from bot.apology_documents import fields_of
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, looked, recorded
from bot.documents import render
from bot.drafting import Answer, Refused, Wishes
from bot.model.apology import Act, Apology, ApologyState
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.code import read_codes
from bot.model.dossier import Dossier
from bot.model.errors import ConfigError, MotcuaError
from bot.model.ids import id_maker
from bot.ports import Storage, Transaction
from bot.texts import sentence

T = TypeVar("T")

apology = typer.Typer(
    help="Bàn xin lỗi và hẹn lại: xem, soạn, sửa, duyệt. / The apology desk: list, draft, change, approve.",
    no_args_is_help=True,
)

_STATES = ", ".join(ApologyState)
Ids = Annotated[
    list[str], typer.Argument(help="Số dự thảo, hoặc mã hồ sơ / ids of drafts, or dossier codes", metavar="ID…")
]
Id = Annotated[str, typer.Argument(help="Số dự thảo, hoặc mã hồ sơ / id of a draft, or a dossier code")]
By = Annotated[str | None, typer.Option(help="Ai làm; bỏ trống: tên đăng nhập / who; else the login")]
Reason = Annotated[
    str | None, typer.Option("--reason", help="Một chữ trong [apologies.reasons] / one of [apologies.reasons]")
]
Words = Annotated[str | None, typer.Option("--text", help="Viết thêm bằng lời / further words to the citizen")]
Day = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d", "%d/%m/%Y"], help="Ngày hẹn mới / day of the new appointment"),
]


@apology.command("list")
def list_(
    state: Annotated[str, typer.Option(help=f"{_STATES}, all")] = "draft",
    agency: Annotated[str, typer.Option(help="Cơ quan này và đơn vị trực thuộc / an agency and all below it")] = "",
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Liệt kê dự thảo chờ duyệt, hoặc những thư xin lỗi khác. / List drafts that wait, or other apologies."""
    plan, states = plan_of(config), _states(state)
    limit = IN_A_FILE if json else ON_SCREEN

    async def read(tx: Transaction) -> tuple[list[Apology], int]:
        agencies = {agency} if agency else set()
        return await tx.apologies.listed(states, agencies, limit=limit), await tx.apologies.waiting(agencies)

    listed, number = reading(plan.config, read)
    if json:
        show.as_json({"drafts": number, "apologies": [_as_json(each) for each in listed]})
    else:
        show_apologies.apologies(listed, number, plan.config.apologies.citation, now=utc_now())


@apology.command("show")
def show_(apology_id: Id, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Xem một thư xin lỗi: ai soạn, ai duyệt, đã tới chưa. / Show one: who did what, and what became of it."""
    plan = plan_of(config)

    async def read(tx: Transaction) -> tuple[Apology, list[Act], str]:
        found = await _found(tx, apology_id, is_draft=False)
        message = await tx.outbox.get(found.message) if found.message else None
        told = sentence(message) if message else found.fate
        return found, await tx.apologies.acts(found.id), told

    async def look(storage: Storage) -> tuple[Apology, list[Act], str]:
        seen = await storage.read(read)
        await looked(storage, _look("apology.looked", seen[0]))
        return seen

    found, acts, told = in_database(plan.config, look)
    if json:
        done = [{"at": each.at, "what": each.what, "by": each.by, "detail": each.detail} for each in acts]
        show.as_json({**_as_json(found), "message_state": told, "acts": done})
    else:
        show_apologies.apology(found, acts, drafting_of(plan), told)


@apology.command()
def draft(
    code: Annotated[str, typer.Argument(help="Mã hồ sơ / dossier code")],
    reason: Reason = None,
    text: Words = None,
    day: Day = None,
    source: Annotated[str, typer.Option(help="Nguồn, nếu nhiều nguồn có mã này / source, where several have it")] = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Soạn thư xin lỗi cho một hồ sơ. / Draft an apology for a dossier."""
    plan, dossier_code = plan_of(config), _code(code)
    found = [
        each for each in reading(plan.config, lambda tx: tx.dossiers.find(dossier_code)) if source in ("", each.source)
    ]
    if not found:
        raise ConfigError(f"{dossier_code}: không có trong bản sao / is not in the mirror")
    if len(found) > 1:
        names = ", ".join(each.source for each in found)
        raise ConfigError(f"{dossier_code}: có ở nhiều nguồn, xin chọn --source / several sources have it: {names}")
    wishes, act = Wishes(reason, text, _day(day)), Doing("apology.drafted", by or login())
    _done(
        [_at_desk(plan, act, lambda desk: desk.draft(found[0].source, dossier_code, wishes, by=act.by))],
        "đã soạn, chờ người khác duyệt / drafted, waits for another person's approval",
    )


@apology.command()
def change(
    apology_id: Id,
    reason: Reason = None,
    text: Words = None,
    day: Day = None,
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Sửa lý do hoặc ngày hẹn mới của một dự thảo. / Change reason, words or date of a draft."""
    plan = plan_of(config)
    if reason is None and text is None and day is None:
        raise ConfigError("xin cho biết sửa gì / say what to change: --reason, --text, --date")
    named = _drafts(plan, [apology_id])
    wishes, act = Wishes(reason, text, _day(day)), Doing("apology.changed", by or login(), named)
    _done([_at_desk(plan, act, lambda desk: desk.change(named[0].id, wishes, by=act.by))], "đã sửa / changed")


@apology.command()
def approve(
    ids: Ids,
    override: Annotated[
        str, typer.Option("--override", help="Lý do hẹn lại quá số lần cho phép / why once more than is allowed")
    ] = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Duyệt: ngày hẹn mới có hiệu lực, công dân được báo. / Approve: the new date holds, and citizens are told."""
    plan = plan_of(config)
    act = Doing("apology.approved", by or login(), _drafts(plan, ids))
    named = [each.id for each in act.before]
    _done(
        _at_desk(plan, act, lambda desk: desk.approve_all(named, by=act.by, override=override)),
        "đã duyệt / approved",
    )


@apology.command()
def reject(
    apology_id: Id,
    why: Annotated[str, typer.Option("--why", help="Lý do không duyệt / why not", prompt="Vì sao / why")],
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Không duyệt một dự thảo. / Decide against a draft."""
    plan = plan_of(config)
    act = Doing("apology.rejected", by or login(), _drafts(plan, [apology_id]))
    _done(
        [_at_desk(plan, act, lambda desk: desk.reject(act.before[0].id, by=act.by, why=why))],
        "không duyệt, công dân không được báo / rejected, the citizen is not told",
    )


@apology.command()
def document(
    apology_id: Id,
    folder: Annotated[Path, typer.Option("--to", help="Ghi vào thư mục / the folder to write into")] = Path(),
    config: ConfigPath = HERE,
) -> None:
    """Ghi văn bản xin lỗi ra tệp DOCX hoặc PDF. / Write the apology's document as DOCX or PDF."""
    plan = plan_of(config)
    drafting = drafting_of(plan)

    async def work(storage: Storage) -> None:
        found, dossier = await storage.read(lambda tx: _with_dossier(tx, apology_id))
        files = await render(fields_of(found, dossier, drafting), drafting.settings)
        await looked(storage, _look("apology.document", found))
        for file in files:
            try:
                (folder / file.name).write_bytes(file.content)
            except OSError as error:
                raise MotcuaError(f"{folder}: không ghi được / cannot be written: {error.strerror}") from None
            show.console.print(f"Đã ghi / written: {folder / file.name}", soft_wrap=True)

    in_database(plan.config, work)


# What they share


@dataclass(frozen=True, slots=True)
class Doing:
    """An act at the desk, for the record."""

    what: str
    by: str
    before: Sequence[Apology] = ()
    """Those that it is about, as they were."""

    def told(self, answer: Answer) -> Entry | None:
        if isinstance(answer, Refused):
            return None
        before = next((each for each in self.before if each.id == answer.id), None)
        was, now = for_the_record(before, answer)
        return command_entry(self.what, answer.id, by=self.by, agency=answer.agency, before=was, after=now)


def _look(what: str, seen: Apology) -> Entry:
    return command_entry(what, seen.id, agency=seen.agency, after={"code": seen.code})


def _at_desk(plan: app.Plan, act: Doing, work: Callable[[ApologyDesk], Awaitable[T]]) -> T:
    async def run(storage: Storage) -> T:
        return await work(await _desk(plan, recorded(storage, act.told)))

    return in_database(plan.config, run)


async def _desk(plan: app.Plan, storage: Storage) -> ApologyDesk:
    library = await app.open_library(plan, storage)
    planner = app.planner_for(plan, id_maker(utc_now), library)
    return desk_of(plan, storage, planner, app.reach_for(plan, planner), clock=utc_now)


def _done(given: list[Answer], done: str) -> None:
    """Ends with code 1 where something was refused."""
    if not show_apologies.answers(given, done):
        raise typer.Exit(1)


def _states(word: str) -> set[ApologyState]:
    if word == "all":
        return set(ApologyState)
    try:
        return {ApologyState(word)}
    except ValueError:
        raise ConfigError(f"{word}: chỉ có / there are only: {_STATES}, all") from None


def _drafts(plan: app.Plan, typed: list[str]) -> list[Apology]:
    """Of each word, the draft that it names. Raises `ConfigError`; nothing is done then."""

    async def read(tx: Transaction) -> list[Apology]:
        return [await _found(tx, each, is_draft=True) for each in typed]

    return reading(plan.config, read)


async def _found(tx: Transaction, typed: str, *, is_draft: bool) -> Apology:
    """By its number; or by the dossier's code, of which it is the draft, else the latest."""
    found = await tx.apologies.get(typed.strip().upper())
    if found:
        return found
    dossiers = await tx.dossiers.find(_code(typed))
    of_dossier = [each for one in dossiers for each in await tx.apologies.of_dossier(one.source, one.code)]
    drafts = [each for each in of_dossier if each.state is ApologyState.DRAFT]
    if drafts or (of_dossier and not is_draft):
        return (drafts or of_dossier)[-1]
    raise ConfigError(f"{typed}: không có dự thảo nào như vậy / there is no such draft; `motcua apology list`")


async def _with_dossier(tx: Transaction, typed: str) -> tuple[Apology, Dossier]:
    found = await _found(tx, typed, is_draft=False)
    dossier = (await tx.dossiers.get_many(found.source, [found.code])).get(found.code)
    if dossier is None:
        raise ConfigError(str(Refused(found.code, "không còn trong bản sao / is no longer in the mirror")))
    return found, dossier


def _code(typed: str) -> str:
    codes = [found.code for found in read_codes(typed) if found.kind == "dossier"]
    return codes[0] if codes else typed.strip()


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _as_json(one: Apology) -> dict[str, object]:
    return {
        "id": one.id,
        "state": str(one.state),
        "source": one.source,
        "code": one.code,
        "agency": one.agency,
        "agency_name": one.agency_name,
        "reason": one.reason,
        "text": one.text,
        "old_at": one.old_at,
        "new_at": one.new_at,
        "limit_at": one.limit_at,
        "is_late": one.is_late,
        "drafted_by": one.drafted_by,
        "changed_by": one.changed_by,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "why": one.why,
        "override": one.override,
        "fate": one.fate,
    }
