"""The command `motcua init`: asks the few questions, and leaves a configuration, its keys, a database and the first two
administrators. The configuration is written last: until it stands there, the command can be given again."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import typer

from bot import app, show
from bot.command_line import in_database
from bot.config import Config, nearest
from bot.init_agencies import read_agencies
from bot.init_config import NAME, RING, Choices, Draft, compose, missing, read_settings
from bot.init_files import (
    Owner,
    give_database,
    make_config,
    make_folders,
    make_keys,
    make_secrets,
    owner_named,
    refusal,
    unfilled,
)
from bot.init_kinds import channels, comment, sources
from bot.init_people import Person, make_administrators, read_person
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.sms import nfc
from bot.ports import Storage
from bot.staffing import scarcity_now

T = TypeVar("T")

_LONGEST_OFFICE = 120

_ABOUT: Mapping[str, str] = {
    "folder": "tệp xuất CSV, Excel trong một thư mục / exported files in a folder",
    "push": "phần mềm Một cửa gọi tới ta / the one-stop software calls us",
    "rest": "API của phần mềm Một cửa, ta hỏi / its HTTP API, which we ask",
    "sql_view": "truy vấn chỉ đọc vào cơ sở dữ liệu / a read-only database view",
    "sms_smpp": "SMS qua tổng đài nhà mạng / SMS by SMPP",
    "webchat": "trang tra cứu và trò chuyện / the page for citizens",
    "zalo": "Zalo Official Account",
    "zalobot": "Zalo Bot Platform",
    "telegram": "Telegram",
    "email": "thư cho cán bộ / e-mail for staff",
    "log": "chạy thử: ghi ra tệp thay vì gửi / a trial: written to a file",
}


def init(
    folder: Annotated[Path, typer.Argument(help="Nơi viết config.toml và bí mật / where config.toml goes")] = Path(),
    office: Annotated[str, typer.Option(help="Tên tỉnh hoặc cơ quan, ở đầu trang / name of the office")] = "",
    agencies: Annotated[
        Path | None, typer.Option(help="Tệp CSV có cột mã, tên (code, name) của các cơ quan / CSV of agencies")
    ] = None,
    source: Annotated[str, typer.Option(help="Nguồn / source: folder, push, rest, sql_view")] = "",
    channel: Annotated[
        list[str] | None,
        typer.Option(help="Kênh, có thể nhiều lần / channels, may be repeated: webchat, esms …"),
    ] = None,
    admin: Annotated[
        list[str] | None,
        typer.Option(help="Quản trị viên, hai lần / administrator, twice: lan.nguyen='Nguyễn Thị Lan'"),
    ] = None,
    address: Annotated[str, typer.Option(help="Địa chỉ công khai / public address: https://hoso.tinh.gov.vn")] = "",
    database: Annotated[
        str, typer.Option(help="Bỏ trống: SQLite; hoặc postgresql://… / empty: SQLite, or postgresql://…")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(help="Nơi để dữ liệu; bỏ trống: cùng chỗ / folder of data; else the same")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Thiết lập khác / further settings: channels.sms.host=10.0.0.1")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Không niêm phong dữ liệu cá nhân / personal data in the clear")
    ] = False,
    user: Annotated[str, typer.Option(help="Tài khoản chạy dịch vụ, khi là root / account of the service")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi gì; mời quản trị viên bằng thư / ask nothing")] = False,
) -> None:
    """Lập cấu hình, cơ sở dữ liệu, hai quản trị viên đầu tiên. / Make configuration, database, two administrators."""
    place = folder.expanduser().resolve()
    path = place / NAME
    if path.exists():
        raise refusal(path)
    owner = owner_named(user) if user else None
    people = _people(admin or [])
    choices = Choices(
        folder=place,
        data=data.expanduser().resolve() if data else place,
        office=_office(office) if office else "",
        agencies=read_agencies(agencies) if agencies else {},
        source=source or "folder",
        channels=tuple(channel or ("webchat",)),
        database=database,
        address=_address(address),
        settings=read_settings(set_ or []),
        is_sealed=not plain,
    )
    if not yes:
        choices = _asked(choices, asks_source=not source, asks_channels=not channel, asks_agencies=agencies is None)
    _require_all(choices)
    draft = compose(choices)
    before = os.umask(0o077)
    try:
        _make(place, draft, owner, people, asks=not yes)
        make_config(path, draft.text, owner)
    finally:
        os.umask(before)
    _show_next(path, draft, choices, user)


def _make(place: Path, draft: Draft, owner: Owner | None, people: list[Person], *, asks: bool) -> None:
    """Everything but the configuration itself."""
    make_folders(place, draft, owner)
    make_secrets(draft, owner)
    config = draft.config
    make_keys(config, owner)
    try:
        asyncio.run(_migrate(config))
        make_administrators(config, people, asks=asks)
    finally:
        give_database(config.storage.url, owner)


async def _migrate(config: Config) -> None:
    async with app.open_database(config, migrate=True):
        _say("✓ Cơ sở dữ liệu đã sẵn sàng. / The database is ready.")


# The questions


def _asked(choices: Choices, *, asks_source: bool, asks_channels: bool, asks_agencies: bool) -> Choices:
    """With what the command line did not say."""
    _say("Vài câu hỏi; bấm Enter để nhận giá trị trong ngoặc vuông. / A few questions; Enter takes what stands in [].")
    if not choices.office:
        choices = replace(choices, office=_until_right("Tên tỉnh hoặc cơ quan / name of the office", _office))
    if asks_agencies:
        told = "Tệp CSV các cơ quan: mã, tên; Enter: chưa có / CSV of agencies: code, name; Enter: none"
        choices = replace(choices, agencies=_until_right(told, _agencies, default=""))
    if asks_source:
        _list(sources())
        told = "Phần mềm Một cửa được đọc bằng cách nào / how the one-stop software is read"
        choices = replace(choices, source=_until_right(told, lambda text: _word(text, sources()), default="folder"))
    if asks_channels:
        _list(channels())
        told = "Kênh, cách nhau bằng dấu phẩy / channels, separated by commas"
        choices = replace(choices, channels=_until_right(told, _channels, default="webchat"))
    settings = dict(choices.settings)
    for kind, key in missing(choices):
        about = comment(kind, key)
        text: str = typer.prompt(f"[{kind.table}] {key}{f': {about}' if about else ''}")
        settings |= read_settings([f"{kind.table}.{key}={text.strip()}"])
    choices = replace(choices, settings=settings)
    if not choices.address:
        told = "Địa chỉ https công khai, sau proxy trên máy này; Enter: chưa có / public address; Enter: not yet"
        choices = replace(choices, address=_until_right(told, _address, default=""))
    return choices


def _until_right(told: str, read: Callable[[str], T], default: str | None = None) -> T:
    """Asks again where the answer cannot be used."""
    while True:
        try:
            return read(typer.prompt(told, default=default).strip())
        except ConfigError as error:
            _wrong(str(error))


def _list(words: Mapping[str, object]) -> None:
    for word in words:
        _say(f"  {word:<10} {_ABOUT.get(word, 'SMS qua HTTP / SMS by HTTP')}")


def _word(text: str, known: Iterable[str]) -> str:
    if text not in known:
        raise ConfigError(f"{text}: chỉ có / there are only: {', '.join(known)}{nearest(text, known)}")
    return text


def _channels(text: str) -> tuple[str, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise ConfigError("xin chọn ít nhất một kênh / choose one channel at least")
    return tuple(dict.fromkeys(_word(word, channels()) for word in words))


def _agencies(text: str) -> dict[str, str]:
    return read_agencies(Path(text).expanduser()) if text else {}


def _office(text: str) -> str:
    name = nfc(" ".join(text.split()))
    if not any(map(str.isalpha, name)) or not name.isprintable() or len(name) > _LONGEST_OFFICE:
        raise ConfigError(f"tên cơ quan: từ 1 đến {_LONGEST_OFFICE} ký tự / name of the office: 1 to {_LONGEST_OFFICE}")
    return name


def _address(text: str) -> str:
    parts = urlsplit(text)
    bare = parts.scheme == "https" and parts.hostname and not parts.username and not parts.path.strip("/")
    if text and (not bare or parts.query or parts.fragment):
        raise ConfigError(f"{text}: cần dạng / expected: https://hoso.tinh.gov.vn")
    return text.rstrip("/")


def _people(words: Sequence[str]) -> list[Person]:
    found = [read_person(word) for word in words]
    if len({each.login for each in found}) < len(found):
        raise ConfigError("--admin: hai người phải khác nhau / they must be different people")
    return found


def _require_all(choices: Choices) -> None:
    """Raises `ConfigError` that names every option which is missing."""
    lacking = [] if choices.office else ["--office 'Tên tỉnh hoặc cơ quan'"]
    lacking += [f"--set {kind.table}.{key}=…   {comment(kind, key)}".rstrip() for kind, key in missing(choices)]
    if lacking:
        lines = "\n".join(f"  {each}" for each in lacking)
        raise ConfigError(f"còn thiếu / still missing:\n{lines}")


# The end


def _show_next(path: Path, draft: Draft, choices: Choices, user: str) -> None:
    _say(f"\n✓ Đã viết cấu hình / the configuration is written: {path}")
    config, step = draft.config, 0

    def tell(*lines: str) -> None:
        nonlocal step
        step += 1
        _say(f"{step}. {lines[0]}")
        for line in lines[1:]:
            _say(f"   {line}")

    _say("\nViệc tiếp theo / what to do next:")
    if waiting := unfilled(draft):
        tell(
            "Ghi bí mật vào các tệp đang trống, mỗi tệp một dòng. / Fill in these empty files, a line each:",
            *(f"{file}   {about}" for file, about in waiting),
        )
    if made := [file for file in draft.secrets if file.content and file.setting != f"[{RING}]"]:
        tell(
            "Bí mật do ta đặt, giao cho bên kia: / Secrets of ours, to be told to the other side:",
            *(f"{file.path}   {file.about or file.setting}" for file in made),
        )
    if choices.source == "rest":
        tell("Tả đăng nhập, cách hỏi của API / describe its log-in and requests: docs/adapters.md")
    if told := in_database(config, _told):
        tell(told)
    run = f"sudo -u {user} motcua" if user else "motcua"
    tell(f"Xem còn thiếu gì / see what is missing: {run} check --config {path}")
    tell(f"Chạy / run: {run} run --config {path}   (systemd, Docker, proxy: deploy/README.md)")
    tell(f"Sao lưu cùng cơ sở dữ liệu / back up beside the database: {path.parent}, {config.web.key_file}")
    if ring := config.storage.keys:
        tell(
            "Chép khóa niêm phong ra nơi KHÁC bản sao lưu (docs/khoa.md): mất nó là mất dữ liệu. / Copy the keys of "
            "what is sealed to ANOTHER place than the backups: without them the data is lost.",
            str(ring.path or RING),
        )


async def _told(storage: Storage) -> str:
    """What is to be done about administrators; empty: nothing."""
    told = await storage.read(lambda tx: scarcity_now(tx, utc_now()))
    return told[:1].upper() + told[1:]


def _say(line: str) -> None:
    show.console.print(line, soft_wrap=True)


def _wrong(line: str) -> None:
    show.errors.print(f"✗ {line}", style="red", soft_wrap=True)
