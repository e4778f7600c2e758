"""The commands `motcua api-key …`: the keys by which other software uses the API."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import typer

from bot import show
from bot.api_keys import Fresh, fresh_key
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry
from bot.model.api import NAME, ApiKey, ApiRight, KeyKind
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.ports import Transaction
from bot.texts import show_moment

api_key = typer.Typer(help="Khóa API của phần mềm khác. / Keys of other software.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Tên phần mềm, như phan-mem-ho-tich / name of the software")]
By = Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")]


@api_key.command()
def new(
    name: Name,
    kind: Annotated[KeyKind, typer.Option(help="live, team hay / or test")] = KeyKind.TEST,
    agency: Annotated[str, typer.Option(help="Mã cơ quan; bỏ trống: toàn tỉnh / agency; else the province")] = "",
    right: Annotated[list[ApiRight] | None, typer.Option(help="Quyền, lặp lại được / rights")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Số ngày dùng được / days it works")] = None,
    by: By = None,
    config: ConfigPath = HERE,
) -> None:
    """Cấp khóa; khóa chỉ hiện lần này. / Make a key, which is shown this once."""
    if not NAME.fullmatch(name):
        raise ConfigError("tên cần 2–40 chữ thường, số, gạch nối / 2–40 small letters, digits or hyphens")
    plan, now, who = plan_of(config), utc_now(), by or login()
    expires_at = now + timedelta(days=days) if days else None
    rights = right or [ApiRight.SEND]
    fresh = fresh_key(kind, name, agency=agency, rights=rights, by=who, at=now, expires_at=expires_at)
    if not in_database(plan.config, lambda storage: storage.write(lambda tx: _add(tx, fresh))):
        raise ConfigError(f"đã có khóa tên {name} đang dùng / a key named {name} works already")
    show.console.print(
        "Khóa chỉ hiện lần này, hãy cất kỹ. / Shown this once: keep it safe.", soft_wrap=True, highlight=False
    )
    show.console.print(fresh.shown, soft_wrap=True, highlight=False)


async def _add(tx: Transaction, fresh: Fresh) -> bool:
    key = fresh.key
    if not await tx.api.add(key):
        return False
    after = {"kind": str(key.kind), "rights": sorted(map(str, key.rights))}
    await tx.audit.add([_entry("key.made", key, by=key.made_by, after=after)])
    return True


@api_key.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Xem các khóa. / List the keys."""
    now = utc_now()
    keys = reading(plan_of(config).config, lambda tx: tx.api.keys())
    if json:
        show.as_json({"keys": [_shown(each, is_open=each.is_open(now)) for each in keys]})
        return
    for each in keys:
        state = "đang dùng / works" if each.is_open(now) else "không còn dùng / does not work any more"
        used = show_moment(each.used_at) or "chưa dùng / not used"
        rights = " ".join(sorted(each.rights))
        line = f"{each.id}  {each.name}  {each.kind}  {each.agency or '*'}  {rights}  {state}  {used}"
        show.console.print(line, soft_wrap=True, highlight=False)
    if not keys:
        show.console.print("Chưa có khóa nào. / There are no keys.")


@api_key.command()
def revoke(name: Name, by: By = None, config: ConfigPath = HERE) -> None:
    """Thu hồi khóa ngay. / Revoke a key at once."""
    plan, who = plan_of(config), by or login()
    if not in_database(plan.config, lambda storage: storage.write(lambda tx: _revoke(tx, name, who))):
        raise ConfigError(f"không có khóa {name} đang dùng / no key {name} works")
    show.console.print(f"Đã thu hồi {name}. / Revoked.")


async def _revoke(tx: Transaction, name: str, who: str) -> bool:
    """By name or id."""
    for key in await tx.api.keys():
        if name in (key.name, key.id) and await tx.api.revoke(key.id, by=who, at=utc_now()):
            await tx.audit.add([_entry("key.revoked", key, by=who)])
            return True
    return False


def _entry(what: str, key: ApiKey, *, by: str, after: Mapping[str, object] | None = None) -> Entry:
    return command_entry(what, key.name, by=by, agency=key.agency, after=after)


def _shown(key: ApiKey, *, is_open: bool) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "kind": str(key.kind),
        "agency": key.agency,
        "rights": sorted(map(str, key.rights)),
        "open": is_open,
        "made_at": key.made_at,
        "made_by": key.made_by,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "used_at": key.used_at,
    }
