"""The commands `motcua do-not-send …`: who gets no message unless they write first."""

from pathlib import Path
from typing import Annotated

import typer

from bot import show
from bot.auditing import Told
from bot.command_line import HERE, IN_A_FILE, ON_SCREEN, AsJson, ConfigPath, in_database, login, plan_of, reading
from bot.command_record import command_entry, recorded
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import Transaction, Unwanted
from bot.texts import show_moment

do_not_send = typer.Typer(
    help="Danh sách không nhắn: người trong đó chỉ được trả lời khi họ nhắn trước. / The do-not-send list.",
    no_args_is_help=True,
)

Numbers = Annotated[list[str] | None, typer.Argument(help="Số điện thoại / phone numbers")]
FromFile = Annotated[
    Path | None, typer.Option("--file", help="Tệp, mỗi dòng một số / a file with one number a line", exists=True)
]


@do_not_send.command()
def add(
    numbers: Numbers = None,
    reason: Annotated[str, typer.Option("--reason", help="Lý do, ghi vào sổ / why, for the record")] = "",
    file: FromFile = None,
    by: Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
) -> None:
    """Thêm số vào danh sách không nhắn. / Put numbers on the list."""
    plan = plan_of(config)
    now, who = utc_now(), by or login()
    entries = [Unwanted(address, now, who, reason) for address in _addresses(numbers, file)]
    told = _told("phone.stopped", who)
    added = in_database(
        plan.config, lambda storage: recorded(storage, told).write(lambda tx: tx.do_not_send.add(entries))
    )
    show.console.print(f"Đã thêm {added:,} số. / {added:,} added; {len(entries) - added:,} were on the list already.")


@do_not_send.command()
def remove(numbers: Numbers = None, file: FromFile = None, config: ConfigPath = HERE) -> None:
    """Bỏ số khỏi danh sách, được nhắn lại. / Take numbers off the list."""
    plan = plan_of(config)
    addresses = _addresses(numbers, file)
    told = _told("phone.allowed")
    removed = in_database(
        plan.config, lambda storage: recorded(storage, told).write(lambda tx: tx.do_not_send.remove(addresses))
    )
    show.console.print(f"Đã bỏ {removed:,} số. / {removed:,} taken off; {len(addresses) - removed:,} were not on it.")


@do_not_send.command("list")
def list_(config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Xem danh sách, số được che bớt. / Show the list, with the numbers masked."""
    plan = plan_of(config)

    async def read(tx: Transaction) -> tuple[list[Unwanted], int]:
        return await tx.do_not_send.listed(limit=IN_A_FILE if json else ON_SCREEN), await tx.do_not_send.count()

    entries, number = reading(plan.config, read)
    if json:
        rows = [
            {"address": str(each.address), "since": each.since, "by": each.by, "reason": each.reason}
            for each in entries
        ]
        show.as_json({"number": number, "entries": rows})
        return
    for each in entries:
        show.console.print(
            f"{each.address}  {show_moment(each.since)}  {each.by}  {each.reason}".rstrip(), soft_wrap=True
        )
    show.console.print(f"{number:,} số trong danh sách. / {number:,} on the list.")


def _told(what: str, by: str | None = None) -> Told:
    """How many numbers it was, and none of them."""

    def tell(number: int) -> Entry | None:
        return command_entry(what, by=by, after={"people": number}) if number else None

    return tell


def _addresses(numbers: list[str] | None, file: Path | None) -> list[Address]:
    """Raises `ConfigError` that names the place of what is no Vietnamese mobile number, and does nothing then."""
    given = [("", number) for number in numbers or ()]
    if file:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        given += [(f"{file}:{place}: ", line) for place, line in enumerate(lines, 1) if line.strip()]
    if not given:
        raise ConfigError("xin cho biết số, hoặc --file / name the numbers, or --file")
    found = []
    for place, text in given:
        phone = parse_phone(text)
        if phone is None or phone.kind != "mobile":
            raise ConfigError(
                f"{place}“{text.strip()}” không phải số di động Việt Nam / is no Vietnamese mobile number"
            )
        found.append(Address("sms", phone.e164))
    return list(dict.fromkeys(found))
