"""How `motcua init` makes the first administrators: with password and phone where they are at the keyboard, else by a
letter of invitation. Nothing of somebody is kept before her phone has shown a right code."""

import base64
import secrets
import sys
from dataclasses import dataclass

import segno
import typer
from rich.text import Text

from bot import show
from bot.accounts import Accounts, Browser, Opened
from bot.command_line import in_database, login
from bot.config import Config
from bot.joining import Joining
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.ids import id_maker
from bot.model.staff import Grant, Member, Role
from bot.passwords import LONGEST, SHORTEST, Weakness, weakness_of
from bot.ports import Storage
from bot.second_factor import enrolment_address, step_of
from bot.show_staff import REFUSALS, print_letter, unless_refused
from bot.staff_fields import Refusal, is_login, read_name
from bot.staffing import ADMINISTRATORS, Staffing, administers_all
from bot.texts import show_moment

_GRANTS = (Grant(Role.ADMINISTRATOR),)
_TOTP_BYTES = 20
"""Of a secret, as RFC 4226 recommends."""

_WEAK = {
    Weakness.SHORT: f"ít nhất {SHORTEST} ký tự / at least {SHORTEST} characters",
    Weakness.LONG: f"nhiều nhất {LONGEST} ký tự / at most {LONGEST} characters",
    Weakness.LOGIN: "quá giống tên đăng nhập hoặc họ tên / too near to the login or the name",
    Weakness.COMMON: "quá dễ đoán / too easily guessed",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One of the first administrators."""

    login: str
    name: str


def read_person(word: str) -> Person:
    """Of `lan.nguyen=Nguyễn Thị Lan`. Raises `ConfigError`."""
    name, _, shown = word.partition("=")
    found = _person(name, shown)
    if isinstance(found, str):
        raise ConfigError(f"--admin {word}: {found}; ví dụ / such as lan.nguyen='Nguyễn Thị Lan'")
    return found


def make_administrators(config: Config, named: list[Person], *, asks: bool) -> None:
    """Until there are two: `named`, who must not have accounts yet, then whoever is typed in. Raises `MotcuaError`."""
    members = in_database(config, lambda storage: storage.read(lambda tx: tx.staff.members()))
    there = [each for each in members if administers_all(each)]
    for each in there:
        _say(f"✓ Quản trị viên đã có / administrator already there: {each.login}")
    known = {each.login for each in members}
    for person in named:
        if person.login not in known:
            _make(config, person, asks=asks)
    left = ADMINISTRATORS - len({each.login for each in there} | {each.login for each in named})
    for _ in range(left if asks else 0):
        _make(config, _ask_who(), asks=True)


def _make(config: Config, person: Person, *, asks: bool) -> None:
    _say(f"\n{person.name} ({person.login})")
    here = asks and typer.confirm(
        "Người này có mặt ở đây, có điện thoại trong tay? / Is this person here, phone in hand?", default=True
    )
    if here:
        _enrol(config, person)
        return
    invited = in_database(config, lambda storage: _staffing(storage, config).invite(person.login, person.name, _GRANTS))
    _say("Địa chỉ thư mời, xin trao riêng cho người ấy: / The letter's address, for this person alone:")
    print_letter(config, unless_refused(invited))


def _enrol(config: Config, person: Person) -> None:
    """Password, the square for the phone, its first code; then everything at once."""
    password = _ask_password(person)
    secret = base64.b32encode(secrets.token_bytes(_TOTP_BYTES)).decode()
    _draw(secret, person, config.console.issuer)
    while True:
        code = "".join(typer.prompt("Mã sáu chữ số đang hiện / the six digits that it shows").split())
        if step_of(secret, code, utc_now()):
            break
        moment = show_moment(utc_now())
        _wrong(f"Mã chưa đúng. Máy này đang là {moment}; điện thoại có đúng giờ? / Wrong; is the phone's clock right?")
    codes = in_database(config, lambda storage: _joined(storage, config, person, password, secret, code))
    _clear()
    if not codes:
        _wrong(
            "Mã vừa hết hạn: sẽ cài lớp thứ hai khi đăng nhập lần đầu. / Too late: it is set up at the first log-in."
        )
        return
    _say("10 mã dự phòng, mỗi mã mở được một lần khi mất điện thoại. Chỉ hiện lần này: xin chép ra giấy.")
    _say("Ten recovery codes, each opens once where the phone is lost. Shown this once: write them down.")
    for each in codes:
        _say(f"    {each}")
    typer.prompt("Chép xong thì bấm Enter / Enter when they are written down", default="", show_default=False)
    _clear()
    _say(f"✓ {person.login}: quản trị viên / administrator")


async def _joined(storage: Storage, config: Config, person: Person, password: str, secret: str, code: str) -> list[str]:
    """Invited, joined and enrolled, as in the console and recorded as there; the recovery codes, or none where the code
    came too late."""
    letter = unless_refused(await _staffing(storage, config).invite(person.login, person.name, _GRANTS))
    member = await Joining(storage, utc_now, id_maker(utc_now)).accept(letter.secret, person.name, password)
    if not isinstance(member, Member):
        raise RuntimeError("a letter that was just written lets nobody in")
    accounts = Accounts(storage, config.console, utc_now)
    opened = await accounts.vouched(member.id, Browser(agent="motcua init"), is_strong=False, way="invitation")
    if not isinstance(opened, Opened):
        raise RuntimeError("an account that was just made does not open")
    done = await accounts.enrol(opened.session, secret, code)
    # Nobody holds the secrets of these sessions.
    await storage.write(lambda tx: tx.staff.end_sessions(member.id))
    return done[1] if done else []


def _staffing(storage: Storage, config: Config) -> Staffing:
    return Staffing(storage=storage, rules=config.console, clock=utc_now, by=login(), way="command")


def _ask_who() -> Person:
    while True:
        _say("")
        name = typer.prompt("Họ tên quản trị viên / an administrator's full name")
        found = _person(typer.prompt("Tên đăng nhập, ví dụ lan.nguyen / login"), name)
        if isinstance(found, Person):
            return found
        _wrong(found)


def _person(name: str, shown: str) -> Person | str:
    name, shown = name.strip().casefold(), read_name(shown)
    if not is_login(name):
        return REFUSALS[Refusal.LOGIN]
    return Person(name, shown) if shown else REFUSALS[Refusal.NAME]


def _ask_password(person: Person) -> str:
    """By the rules of the console, typed twice, never shown."""
    while True:
        password: str = typer.prompt(f"Mật khẩu, từ {SHORTEST} ký tự / password", hide_input=True)
        if weakness := weakness_of(password, person.login, person.name):
            _wrong(_WEAK[weakness])
        elif password != typer.prompt("Nhập lại / once more", hide_input=True):
            _wrong("hai lần không giống nhau / they differ")
        else:
            return password


def _draw(secret: str, person: Person, issuer: str) -> None:
    square = segno.make(enrolment_address(secret, person.login, issuer), error="l")
    lines = _halves(square)
    _say("Quét hình này bằng ứng dụng xác thực trên điện thoại: / Scan this with an authenticator app:")
    for line in lines:
        # Colours of our own: on a light screen the square would be turned inside out.
        show.console.print(Text(line, style="bright_white on black"))
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    _say(f"Không quét được thì nhập khóa / or type the key: {groups}")


def _halves(square: segno.QRCode) -> list[str]:
    """Two rows of modules a line; what is light is drawn."""
    rows = [[not each for each in row] for row in square.matrix_iter(border=4)]
    rows += [[True] * len(rows[0])] * (len(rows) % 2)
    signs = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    return ["".join(signs[pair] for pair in zip(*rows[at : at + 2], strict=True)) for at in range(0, len(rows), 2)]


def _clear() -> None:
    """Whoever sits down next does not see the square, nor by scrolling back."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[2J\x1b[3J\x1b[H")
        sys.stdout.flush()


def _say(line: str) -> None:
    show.console.print(line, soft_wrap=True)


def _wrong(line: str) -> None:
    show.errors.print(f"✗ {line}", style="red", soft_wrap=True)
