"""The commands `motcua clerk …`, `motcua feedback …` and `motcua survey`: what staff do for citizens who wrote."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import typer

from bot import app, show, show_service
from bot.auditing import if_done
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, looked, recorded
from bot.desk import MOST_CHARACTERS, MOST_PARTS, Desk, Draft, handle_of, is_told
from bot.model.audit import Entry
from bot.model.clock import VIETNAM, utc_now
from bot.model.errors import ConfigError
from bot.model.ids import id_maker
from bot.model.message import Situation
from bot.model.person import Address
from bot.model.service import Feedback, FeedbackKind, Talk
from bot.model.sms import nfc
from bot.plan import carries
from bot.ports import Storage

T = TypeVar("T")

clerk = typer.Typer(
    help="Trao đổi giữa công dân và cán bộ: xem, trả lời, kết thúc. / Conversations that a clerk answers.",
    no_args_is_help=True,
)
feedback = typer.Typer(
    help="Phản ánh, kiến nghị, báo giả mạo, nhầm số: xem, trả lời. / Feedback, scam reports, wrong numbers.",
    no_args_is_help=True,
)

Handle = Annotated[str, typer.Argument(help="Mã trao đổi, như trong danh sách / its handle, as listed")]
Number = Annotated[str, typer.Argument(help="Số tiếp nhận, ví dụ PA-261122-0007 / receipt number")]
By = Annotated[str | None, typer.Option(help="Ai trả lời; bỏ trống: tên đăng nhập / who; else the login")]
Yes = Annotated[bool, typer.Option("--yes", help="Không hỏi lại trước khi gửi SMS / do not ask before an SMS")]

_SURVEY_DAYS = 90


# Conversations


@clerk.command("list")
def list_talks(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Các trao đổi đang mở, người chờ trước. / Open conversations, those who wait first."""
    found = _at_desk(plan_of(config), lambda desk: desk.talks())
    if json:
        show.as_json([show_service.talk_json(each) for each in found])
    else:
        show_service.talks(found, utc_now())


@clerk.command("show")
def show_talk(handle: Handle, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Đọc một trao đổi. / Read a conversation."""

    async def work(desk: Desk) -> None:
        talk = await _talk_named(desk, handle)
        await looked(desk.storage, command_entry("talk.looked", handle_of(talk), agency=talk.agency))
        lines = await desk.thread(talk)
        if json:
            show.as_json(show_service.thread_json(talk, lines))
        else:
            show_service.thread(talk, lines)

    _at_desk(plan_of(config), work)


@clerk.command()
def reply(
    handle: Handle,
    text: Annotated[str, typer.Argument(help="Lời trả lời / the answer")],
    yes: Yes = False,
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Trả lời công dân. / Answer a citizen."""
    plan, words = plan_of(config), _words(text)

    async def look(desk: Desk) -> tuple[Talk, Draft]:
        talk = await _talk_named(desk, handle)
        return talk, await desk.draft(talk, words)

    talk, draft = _at_desk(plan, look)
    _require_channel(plan, talk.address, talk.channel)
    _approve(draft, talk.address, yes=yes)
    who, parts = by or login(), {"parts": len(draft.parts)}
    told = command_entry("talk.replied", handle_of(talk), by=who, agency=talk.agency, after=parts)
    if not _at_desk(plan, lambda desk: _recorded(desk, told).reply(talk, words, by=who)):
        raise ConfigError(f"{handle}: trao đổi vừa kết thúc, chưa gửi gì / has just ended, nothing was sent")
    show.console.print(f"{handle_of(talk)}: đã chuyển đi. / On its way to {talk.address}.", soft_wrap=True)


@clerk.command()
def close(handle: Handle, config: ConfigPath = HERE) -> None:
    """Kết thúc trao đổi; hệ thống lại trả lời tự động. / End a conversation; the bot answers again."""

    async def work(desk: Desk) -> str:
        talk = await _talk_named(desk, handle)
        told = command_entry("talk.closed", handle_of(talk), agency=talk.agency)
        await _recorded(desk, told).close(talk)
        return handle_of(talk)

    found = _at_desk(plan_of(config), work)
    show.console.print(f"{found}: đã kết thúc, công dân được báo. / Ended, and the citizen is told.")


async def _talk_named(desk: Desk, handle: str) -> Talk:
    """Raises `ConfigError` where no conversation has this handle, or two have."""
    found = await desk.find(handle)
    if not found:
        raise ConfigError(f"“{handle}”: không có trao đổi nào mang mã này / no open conversation has this handle")
    if len(found) > 1:
        names = ", ".join(handle_of(each) for each in found)
        raise ConfigError(f"“{handle}”: có nhiều trao đổi / several conversations: {names}")
    return found[0]


# Feedback


@feedback.command("list")
def list_feedback(
    agency: Annotated[
        str, typer.Option("--agency", help="Chỉ cơ quan này và cấp dưới / this agency and those below it")
    ] = "",
    kind: Annotated[FeedbackKind | None, typer.Option("--kind", help="Chỉ loại này / this kind alone")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Cả những gì đã trả lời / the answered ones too")] = False,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Những gì công dân gửi, cũ nhất trước. / What citizens sent, oldest first."""
    plan, limit = plan_of(config), IN_A_FILE if json else ON_SCREEN + 1
    found = reading(
        plan.config,
        lambda tx: tx.service.feedbacks(agency=agency, kind=kind, is_open=not everything, limit=limit),
    )
    if json:
        taken = command_entry("feedback.exported", agency=agency, after={"entries": len(found)})
        in_database(plan.config, lambda storage: looked(storage, taken))
        show.as_json(show_service.feedbacks_json(found))
    else:
        if found:
            numbers = [each.number for each in found[:ON_SCREEN]]
            seen = command_entry("feedback.listed", agency=agency, after={"numbers": numbers})
            in_database(plan.config, lambda storage: looked(storage, seen))
        show_service.feedbacks(found, is_open=not everything, most=ON_SCREEN)


@feedback.command("show")
def show_feedback(number: Number, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Đọc một nội dung. / Read one."""
    plan = plan_of(config)
    found = _feedback_numbered(plan, number)
    look = command_entry("feedback.looked", found.number, agency=found.agency)
    in_database(plan.config, lambda storage: looked(storage, look))
    if json:
        show.as_json(show_service.feedback_json(found))
    else:
        show_service.feedback(found)


@feedback.command()
def answer(
    number: Number,
    text: Annotated[str, typer.Option("--text", help="Lời trả lời / the answer")],
    yes: Yes = False,
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Ghi câu trả lời và báo cho người gửi. / Record the answer and tell the sender."""
    plan, words = plan_of(config), _words(text)
    found = _feedback_numbered(plan, number)
    if found.answered_at:
        raise ConfigError(f"{found.number}: đã được trả lời / was answered already by {found.answered_by}")
    if is_told(found):
        draft = _at_desk(plan, lambda desk: _drafted(desk, found, words))
        _require_channel(plan, found.address, found.channel)
        _approve(draft, found.address, yes=yes)
    who = by or login()
    entry = command_entry("feedback.answered", found.number, by=who, agency=found.agency)
    if not _at_desk(plan, lambda desk: _recorded(desk, entry).answer(found, words, by=who)):
        raise ConfigError(f"{found.number}: vừa được người khác trả lời / somebody else has just answered it")
    told = (
        "người gửi được báo / the sender is told" if is_told(found) else "người gửi không bị nhắn nữa / nobody is told"
    )
    show.console.print(f"{found.number}: đã ghi, {told}.", soft_wrap=True)


async def _drafted(desk: Desk, found: Feedback, words: str) -> Draft:
    return desk.draft_answer(found, words)


def _feedback_numbered(plan: app.Plan, number: str) -> Feedback:
    found = reading(plan.config, lambda tx: tx.service.feedback(number.strip().upper()))
    if found is None:
        raise ConfigError(f"“{number}”: không có số tiếp nhận này / no such receipt number")
    return found


# Satisfaction


def survey(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%d/%m/%Y"], help=f"Từ ngày; bỏ trống: {_SURVEY_DAYS} ngày / from this day"),
    ] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Mức hài lòng theo cơ quan. / How satisfied citizens are, by agency."""
    begin = since.replace(tzinfo=VIETNAM) if since else utc_now() - timedelta(days=_SURVEY_DAYS)
    found = reading(plan_of(config).config, lambda tx: tx.service.survey_totals(since=begin))
    if json:
        show.as_json(show_service.survey_json(found, begin))
    else:
        show_service.survey(found, begin)


# What they share


def _at_desk(plan: app.Plan, work: Callable[[Desk], Awaitable[T]]) -> T:
    return in_database(plan.config, lambda storage: work(_desk(plan, storage)))


def _recorded(desk: Desk, entry: Entry) -> Desk:
    """At which one act is done, and recorded with it."""
    return replace(desk, storage=recorded(desk.storage, if_done(entry)))


def _desk(plan: app.Plan, storage: Storage) -> Desk:
    new_id = id_maker(utc_now)
    return Desk(
        storage,
        plan.config.conversation,
        utc_now,
        new_id,
        place=app.sms_place(plan, app.planner_for(plan, new_id)),
        is_accented=Situation.ANSWER in plan.config.texts.accented_sms,
    )


def _words(text: str) -> str:
    words = nfc(text).strip()
    if not words:
        raise ConfigError("lời trả lời còn trống / the answer is empty")
    return words


def _require_channel(plan: app.Plan, address: Address, channel: str) -> None:
    """Raises `ConfigError` where nothing would carry the answer."""
    if not carries(plan, address, channel):
        raise ConfigError(f"[channels.{channel}] không còn trong cấu hình / is no longer configured")


def _approve(draft: Draft, address: Address, *, yes: bool) -> None:
    """An SMS costs money and loses its accents: it is shown as it goes out, and asked for."""
    if draft.is_too_long:
        most = (
            f"{MOST_PARTS} phần SMS / SMS parts" if address.scheme == "sms" else f"{MOST_CHARACTERS} ký tự / characters"
        )
        raise ConfigError(f"lời trả lời quá dài, nhiều nhất / the answer is too long, at most {most}")
    if address.scheme == "sms" and not yes:
        show_service.draft(draft)
        typer.confirm(f"Gửi {len(draft.parts)} phần SMS tới {address}? / Send it?", abort=True)
