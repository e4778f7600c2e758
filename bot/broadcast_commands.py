"""The commands `motcua broadcast …`: see broadcasts, approve or reject, pause, go on, cancel."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import app, show
from bot.auditing import if_done
from bot.broadcast_words import STATES, counted, line, refused
from bot.broadcasting import broadcasts_for
from bot.broadcasts import Broadcasts
from bot.command_line import HERE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of
from bot.command_record import command_entry, recorded
from bot.model.broadcast import Broadcast, Progress, Refusal
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.ids import id_maker
from bot.ports import Storage
from bot.texts import show_moment

broadcast = typer.Typer(
    help="Phát tin: xem, duyệt, không duyệt, tạm dừng, hủy. / Broadcasts: see, approve, reject, pause, cancel.",
    no_args_is_help=True,
)

Number = Annotated[str, typer.Argument(help="Số đợt phát tin / number of the broadcast, such as PT-261122-0001")]
By = Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")]
Why = Annotated[str, typer.Option(help="Lý do, ghi vào sổ / why, for the record")]

T = TypeVar("T")
Act = Callable[..., Awaitable[Broadcast | Refusal]]


@broadcast.command("list")
def list_(
    agency: Annotated[list[str] | None, typer.Option(help="Cơ quan, kể cả cấp dưới / agency, with all below")] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Các đợt phát tin, mới nhất trước. / Broadcasts, newest first."""
    found = _with(config, lambda broadcasts: broadcasts.listed(agency or (), limit=ON_SCREEN))
    if json:
        show.as_json([_as_json(each) for each in found])
        return
    for each in found:
        show.console.print(line(each, "vi"), soft_wrap=True, markup=False)
    if not found:
        show.console.print("Chưa có đợt phát tin nào. / There are no broadcasts.")


@broadcast.command("show")
def show_(number: Number, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Một đợt: lời, người nhận, đã tới đâu, ai đã làm gì. / One of them: text, recipients, progress, acts."""

    async def read(broadcasts: Broadcasts) -> tuple[Broadcast, Progress, list[Any]]:
        found = await broadcasts.get(number.upper())
        if found is None:
            raise ConfigError(_sentence(Refusal("missing")))
        return found, await broadcasts.progress(found.id), await broadcasts.acts(found.id)

    found, progress, acts = _with(config, read)
    if json:
        states = {str(state): messages for state, messages in progress.by_state.items()}
        done = [{"at": each.at, "what": each.what, "by": each.by} for each in acts]
        left_out = {**(found.count.left_out if found.count else {}), "late": dict(progress.left_out)}
        show.as_json({**_as_json(found), "states": states, "cost_so_far": progress.cost, "left_out": left_out,
                      "acts": done})  # fmt: skip
        return
    lines = [f"{found.id} “{found.title}”", f"{STATES['vi'][found.state]} / {STATES['en'][found.state]}"]
    lines += [counted(found, "vi"), f"{show.dotted(progress.handed_out)}/{show.dotted(progress.people)}"]
    lines += [f"  {state}: {show.dotted(messages)}" for state, messages in progress.by_state.items()]
    lines += ["", found.wording.chat, "", found.wording.sms, ""]
    lines += [f"{show_moment(each.at)}  {each.what}  {each.by}" for each in acts]
    show.console.print("\n".join(lines), soft_wrap=True, markup=False)


@broadcast.command()
def approve(number: Number, by: By = None, why: Why = "", config: ConfigPath = HERE) -> None:
    """Duyệt; người soạn, sửa, trình thì không được. / Approve; nobody who had a hand in it may."""
    _do(config, number, by, why, "approved", lambda broadcasts: broadcasts.approve)


@broadcast.command()
def reject(
    number: Number,
    why: Annotated[str, typer.Option(help="Lý do, người soạn đọc được / why, which its author reads")],
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Không duyệt; phải có lý do. / Do not approve; there must be a reason."""
    if not why.strip():
        raise ConfigError("--why: xin ghi lý do / give a reason")
    _do(config, number, by, why.strip(), "rejected", lambda broadcasts: broadcasts.reject)


@broadcast.command()
def pause(number: Number, by: By = None, why: Why = "", config: ConfigPath = HERE) -> None:
    """Tạm dừng: tin chưa rời đi sẽ không gửi. / Pause: what has not left does not leave."""
    _do(config, number, by, why, "paused", lambda broadcasts: broadcasts.pause)


@broadcast.command()
def resume(number: Number, by: By = None, why: Why = "", config: ConfigPath = HERE) -> None:
    """Gửi tiếp, sau khi tạm dừng hay gửi thử nhóm đầu. / Go on, after a pause or the first few."""
    _do(config, number, by, why, "resumed", lambda broadcasts: broadcasts.resume)


@broadcast.command()
def cancel(number: Number, by: By = None, why: Why = "", config: ConfigPath = HERE) -> None:
    """Hủy: tin chưa rời đi sẽ không bao giờ gửi. / Cancel: what has not left never will."""
    _do(config, number, by, why, "cancelled", lambda broadcasts: broadcasts.cancel)


def _do(config: Path, number: str, by: str | None, why: str, done: str, act: Callable[[Broadcasts], Act]) -> None:
    who = by or login()

    async def work(broadcasts: Broadcasts) -> Broadcast | Refusal:
        found = await broadcasts.get(number.upper())
        if found is None:
            return Refusal("missing")
        entry = command_entry(f"broadcast.{done}", found.id, by=who, agency=found.agency)
        told = replace(broadcasts, storage=recorded(broadcasts.storage, if_done(entry)))
        return await act(told)(found.id, by=who, why=why)

    answer = _with(config, work)
    if isinstance(answer, Refusal):
        raise ConfigError(_sentence(answer))
    show.console.print(f"{answer.id}: {STATES['vi'][answer.state]}. / {STATES['en'][answer.state]}.")


def _with(config: Path, work: Callable[[Broadcasts], Awaitable[T]]) -> T:
    plan = plan_of(config)

    async def run(storage: Storage) -> T:
        library = await app.open_library(plan, storage)
        reach = app.reach_for(plan, app.planner_for(plan, id_maker(utc_now), library))
        return await work(broadcasts_for(plan, storage, reach, utc_now))

    return in_database(plan.config, run)


def _sentence(refusal: Refusal) -> str:
    return f"{refused(refusal, 'vi')} / {refused(refusal, 'en')}"


def _as_json(each: Broadcast) -> dict[str, Any]:
    return {
        "id": each.id,
        "title": each.title,
        "agency": each.agency,
        "state": str(each.state),
        "people": each.people,
        "count": asdict(each.count) if each.count else None,
        "starts_at": each.starts_at,
        "made_by": each.made_by,
        "approved_by": each.approved_by,
        "handed_out": each.handed_out,
    }
