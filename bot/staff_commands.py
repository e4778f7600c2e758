"""The commands `motcua staff …`: accounts of the console from the command line; the first two administrators come from
here. Everything is recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from bot import show
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.config import Config
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.staff import EVERYWHERE, Grant, Member, Role, SignIn, StaffInvitation, StaffSession
from bot.ports import Storage, Transaction
from bot.show_staff import REFUSALS, print_letter, unless_refused
from bot.staff_fields import Refusal, grants_text
from bot.staffing import Invited, Staffing, scarcity
from bot.texts import show_moment

staff = typer.Typer(help="Tài khoản cán bộ ở bàn làm việc. / Accounts of the staff console.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="Tên đăng nhập / login")]
By = Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập máy / who; else the login")]
Roles = Annotated[list[Role], typer.Option("--role", help="Vai trò, có thể nhiều lần / role, may be repeated")]
Agencies = Annotated[
    list[str] | None,
    typer.Option("--agency", help="Mã cơ quan, có thể nhiều lần; bỏ trống: toàn tỉnh / agencies; none: the province"),
]


@staff.command()
def invite(
    login_: Annotated[str, typer.Argument(metavar="LOGIN", help="Tên đăng nhập / login")],
    name: Annotated[str, typer.Option("--name", help="Họ tên / full name")],
    role: Roles,
    agency: Agencies = None,
    email: Annotated[str, typer.Option("--email", help="Thư điện tử / e-mail")] = "",
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Mời một người; in địa chỉ thư mời một lần. / Invite somebody; the letter's address is printed once."""
    settings = plan_of(config).config
    grants = {Grant(each, unit) for each in role for unit in agency or [EVERYWHERE]}
    done = in_database(
        settings, lambda storage: _staffing(storage, settings, by).invite(login_, name, grants, email=email)
    )
    print_letter(settings, unless_refused(done))


@staff.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Danh sách tài khoản. / All accounts."""

    async def read(tx: Transaction) -> tuple[list[Member], dict[str, SignIn], list[StaffInvitation]]:
        return await tx.staff.members(), await tx.staff.sign_ins(), await tx.staff.invitations()

    members, sign_ins, letters = reading(plan_of(config).config, read)
    if json:
        invited = [_invited_row(each) for each in letters if not each.member]
        show.as_json([*(_row(each, sign_ins[each.id], letters) for each in members), *invited])
        return
    for each in members:
        row = _row(each, sign_ins[each.id], letters)
        locked = sign_ins[each.id].locked_until
        words = [
            each.login, "ngừng/disabled" if each.disabled_at else "", ", ".join(row["roles"]), _seen(each.seen_at),
            f"khóa đến/locked until {show_moment(locked)}" if locked and locked > utc_now() else "",
        ]  # fmt: skip
        show.console.print("  ".join(filter(None, words)), soft_wrap=True, markup=False)
    for letter in letters:
        _print_open(letter)
    if told := scarcity(members, letters, utc_now()):
        show.errors.print(f"{told[:1].upper()}{told[1:]}", style="yellow", soft_wrap=True, markup=False)


@staff.command()
def withdraw(login_: Login, by: By = None, config: ConfigPath = HERE) -> None:
    """Thu hồi thư mời chưa dùng. / Withdraw a letter that nobody has used."""
    settings = plan_of(config).config
    name = login_.strip().casefold()
    unless_refused(in_database(settings, lambda storage: _staffing(storage, settings, by).withdraw(name)))
    show.console.print("Đã thu hồi thư mời. / The invitation is withdrawn.")


@staff.command()
def grant(login_: Login, role: Roles, agency: Agencies = None, by: By = None, config: ConfigPath = HERE) -> None:
    """Đặt lại vai trò: từ nay chỉ còn những vai trò này. / From now on these roles, and no others."""
    settings = plan_of(config).config
    grants = {Grant(each, unit) for each in role for unit in agency or [EVERYWHERE]}

    async def work(storage: Storage) -> Refusal | None:
        return await _staffing(storage, settings, by).grant((await _member(storage, login_)).id, grants)

    unless_refused(in_database(settings, work))
    show.console.print(f"Vai trò từ nay / roles from now on: {', '.join(grants_text(grants))}", soft_wrap=True)


@staff.command()
def unlock(login_: Login, by: By = None, config: ConfigPath = HERE) -> None:
    """Mở khóa ngay một tài khoản bị khóa vì nhập sai nhiều lần. / Unlock an account before its time is over."""
    settings = plan_of(config).config

    async def work(storage: Storage) -> Refusal | None:
        return await _staffing(storage, settings, by).unlock((await _member(storage, login_)).id)

    unless_refused(in_database(settings, work))
    show.console.print("Tài khoản đã mở khóa. / The account is unlocked.")


@staff.command()
def disable(login_: Login, by: By = None, config: ConfigPath = HERE) -> None:
    """Ngừng một tài khoản, kết thúc mọi phiên ngay. / Disable an account; its sessions end at once."""
    settings = plan_of(config).config

    async def work(storage: Storage) -> Refusal | None:
        return await _staffing(storage, settings, by).disable((await _member(storage, login_)).id)

    unless_refused(in_database(settings, work))
    show.console.print("Đã ngừng tài khoản. / The account is disabled.")


@staff.command()
def enable(login_: Login, by: By = None, config: ConfigPath = HERE) -> None:
    """Mở lại một tài khoản đã ngừng. / Enable a disabled account again."""
    settings = plan_of(config).config

    async def work(storage: Storage) -> Refusal | None:
        return await _staffing(storage, settings, by).enable((await _member(storage, login_)).id)

    unless_refused(in_database(settings, work))
    show.console.print("Tài khoản đã mở lại. / The account is enabled.")


@staff.command()
def reset(login_: Login, by: By = None, config: ConfigPath = HERE) -> None:
    """Mất điện thoại hoặc mật khẩu: mọi thứ cũ hết hiệu lực, in thư mời mới. / Lost phone or password: a new letter."""
    settings = plan_of(config).config

    async def work(storage: Storage) -> Invited | Refusal:
        return await _staffing(storage, settings, by).reset((await _member(storage, login_)).id)

    print_letter(settings, unless_refused(in_database(settings, work)))


@staff.command()
def sessions(
    login_: Annotated[str, typer.Argument(metavar="[LOGIN]", help="Tên đăng nhập; bỏ trống: mọi người")] = "",
    end: Annotated[bool, typer.Option("--end", help="Kết thúc mọi phiên của người này / end them all")] = False,
    by: By = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Phiên đang mở; --end để kết thúc. / Open sessions, and their end."""
    settings = plan_of(config).config
    if end and not login_:
        raise ConfigError("--end cần tên đăng nhập / --end needs a login")

    if end:
        ended = unless_refused(in_database(settings, lambda storage: _end(storage, settings, by, login_)))
        show.console.print(f"Đã kết thúc {ended} phiên. / {ended} sessions ended.")
        return
    done = in_database(settings, lambda storage: _open_sessions(storage, login_))
    rows = [
        {"login": name, "agent": each.agent, "opened_at": each.opened_at, "seen_at": each.seen_at}
        for name, each in done
    ]
    if json:
        show.as_json(rows)
        return
    for name, each in done:
        words = f"{name}  {each.agent or '?'}  {show_moment(each.opened_at)} → {show_moment(each.seen_at)}"
        show.console.print(words, soft_wrap=True, markup=False)
    show.console.print(f"{len(done)} phiên đang mở. / {len(done)} open sessions.")


async def _end(storage: Storage, config: Config, by: str | None, name: str) -> int | Refusal:
    return await _staffing(storage, config, by).end_sessions((await _member(storage, name)).id)


async def _open_sessions(storage: Storage, name: str) -> list[tuple[str, StaffSession]]:
    """Of one login, or of all; each with the login."""
    of = (await _member(storage, name)).id if name else ""
    names = {each.id: each.login for each in await storage.read(lambda tx: tx.staff.members())}
    return [(names.get(each.member, ""), each) for each in await storage.read(lambda tx: tx.staff.sessions(of))]


def _staffing(storage: Storage, config: Config, by: str | None) -> Staffing:
    return Staffing(storage=storage, rules=config.console, clock=utc_now, by=by or login(), way="command")


async def _member(storage: Storage, name: str) -> Member:
    """Raises `ConfigError` where there is none."""
    found = await storage.read(lambda tx: tx.staff.by_login(name.strip()))
    if found is None:
        raise ConfigError(f"{name}: {REFUSALS[Refusal.MISSING]}")
    return found


def _print_open(letter: StaffInvitation) -> None:
    is_over = letter.expires_at <= utc_now()
    words = "thư mời hết hạn từ/letter expired at" if is_over else "thư mời chưa mở, đến/letter not opened, until"
    line = f"{letter.login}  {', '.join(grants_text(letter.grants))}  {words} {show_moment(letter.expires_at)}"
    show.console.print(line, soft_wrap=True, markup=False)


def _invited_row(letter: StaffInvitation) -> dict[str, Any]:
    """As of somebody who has no account yet."""
    return {
        "login": letter.login,
        "name": letter.name,
        "roles": grants_text(letter.grants),
        "disabled_at": None,
        "seen_at": None,
        "password": False,
        "second_factor": False,
        "openid": False,
        "locked_until": None,
        "invited_until": letter.expires_at,
    }


def _row(member: Member, sign_in: SignIn, letters: Sequence[StaffInvitation]) -> dict[str, Any]:
    return {
        "login": member.login,
        "name": member.name,
        "roles": grants_text(member.grants),
        "disabled_at": member.disabled_at,
        "seen_at": member.seen_at,
        "password": sign_in.has_password,
        "second_factor": sign_in.has_totp,
        "openid": bool(member.subject),
        "locked_until": sign_in.locked_until,
        "invited_until": next((each.expires_at for each in letters if each.member == member.id), None),
    }


def _seen(moment: datetime | None) -> str:
    return show_moment(moment) if moment else "chưa vào/never"
