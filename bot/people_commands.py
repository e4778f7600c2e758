"""The commands `motcua erase` and `motcua consents`: what a person may ask of those who keep her data."""

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.text import Text

from bot import privacy, show
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of
from bot.command_record import command_entry, looked, recorded
from bot.logs import start_logging
from bot.model.audit import Entry
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.person import Address, Proof, Purpose
from bot.model.phone import parse_phone
from bot.ports import Storage
from bot.show_table import Table
from bot.texts import show_moment

people = typer.Typer()
"""Commands without a common name: each stands beside `motcua run`."""

Phone = Annotated[str, typer.Argument(help="Số điện thoại / phone number")]

TABLE_WORDS: Mapping[str, str] = {
    "preferences": "cách nhận tin / preferences",
    "dossiers": "số điện thoại, tên, mã tra cứu trên hồ sơ / phone, name and codes on dossiers",
    "outbox": "tin của hệ thống / our messages",
    "inbound": "tin của công dân / the citizen's messages",
    "conversations": "hội thoại / conversations",
    "feedback": "phản ánh, kiến nghị / feedback",
    "surveys": "phiếu hài lòng / satisfaction",
    "bindings": "kênh chat gắn với số này / bound chats",
    "follows": "lượt theo dõi hồ sơ / follows",
    "invitations": "lời mời theo dõi / invitations",
    "one_time_codes": "mã dùng một lần / one-time codes",
    "consents": "lần đồng ý / consents",
    "disowned": "lần báo sai số / wrong-number reports",
    "attempts": "lần tra cứu không đúng / failed look-ups",
    "do_not_send": "danh sách không nhắn / do-not-send list",
    "carriers": "nhà mạng của số / carrier",
    "talks": "trao đổi với cán bộ / talks with clerks",
    "apologies": "lời cán bộ viết trong thư xin lỗi / what staff wrote in apologies",
    "apology_acts": "lần sửa thư xin lỗi / changes of apologies",
    "documents": "văn bản gửi kèm / documents",
    "broadcast_recipients": "người nhận của đợt phát tin / recipients of broadcasts",
    "api_guests": "số thử của khóa API / guests of API keys",
}
_PROOFS = {Proof.CONTACT: "số được chia sẻ / shared contact", Proof.CODE: "mã dùng một lần / one-time code"}
_PURPOSES = {
    Purpose.UPDATES: "nhận tin về hồ sơ / updates",
    Purpose.SURVEY: "hỏi mức hài lòng / survey",
    Purpose.FEEDBACK: "chuyển phản ánh / feedback",
}


@people.command()
def erase(
    phone: Phone,
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại / do not ask")] = False,
    by: Annotated[str | None, typer.Option(help="Ai quyết định; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Xóa dữ liệu cá nhân của một người theo yêu cầu. / Erase a person's data on request."""
    number = _number(phone)
    plan = plan_of(config)
    if not yes:
        shown = Address("sms", number)
        typer.confirm(f"Xóa dữ liệu của {shown}, không lấy lại được? / Erase it for good?", abort=True, err=json)
    start_logging(plan.config.log.level)
    who = by or login()

    def told(rows: Mapping[str, int]) -> Entry:
        """Whom it was about is what must not be known any more."""
        return command_entry("person.erased", by=who, after={"rows": dict(rows)})

    taken = in_database(plan.config, lambda storage: privacy.erase(recorded(storage, told), number, utc_now, by=who))
    if json:
        show.as_json({"taken": taken})
    else:
        _show_taken(taken)


@people.command()
def consents(phone: Phone, config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Một người đã đồng ý những gì, kênh nào gắn với số. / What a person agreed to, and her bound chats."""
    number = _number(phone)
    kept = in_database(plan_of(config).config, lambda storage: _looked_up(storage, number))
    if json:
        show.as_json(_as_json(kept))
        return
    if kept.consents:
        show.console.print(_consents(kept))
    if kept.bindings:
        show.console.print(_bindings(kept))
    if not (kept.consents or kept.bindings):
        show.console.print("Số này chưa đồng ý điều gì, không gắn với kênh chat nào. / No consent, no bound chat.")


async def _looked_up(storage: Storage, number: str) -> privacy.Kept:
    await looked(storage, command_entry("person.looked"))
    return await privacy.kept_of(storage, number)


def _number(text: str) -> str:
    phone = parse_phone(text)
    if phone is None:
        raise ConfigError(f"“{text.strip()}” không phải số điện thoại / is no phone number")
    return phone.e164


def _show_taken(taken: Mapping[str, int]) -> None:
    if not taken:
        show.console.print(
            "Không có dữ liệu nào của số này; hồ sơ cũ gửi đến sau này cũng sẽ không mang số này. / "
            "Nothing is kept of this number, and older dossiers that come later will not bring it.",
            soft_wrap=True,
        )
        return
    table = Table("Lấy khỏi\ntaken from", "Số dòng\nrows")
    table.columns[1].justify = "right"
    for name, number in taken.items():
        table.add_row(TABLE_WORDS.get(name, name), f"{number:,}")
    show.console.print(table)
    show.console.print(
        "Đã xóa khỏi cơ sở dữ liệu; phần mềm một cửa, nhà mạng và bản sao lưu không thay đổi. / "
        "Erased from this database; the one-stop software, the carriers and backups are as they were.",
        soft_wrap=True,
    )


def _consents(kept: privacy.Kept) -> Table:
    table = Table("Địa chỉ\naddress", "Mục đích\npurpose", "Lời văn\nwording", "Đồng ý\ngiven", "Rút lại\nwithdrawn")
    for each in kept.consents:
        table.add_row(
            Text(str(each.address)),
            _PURPOSES[each.purpose],
            Text(each.wording),
            show_moment(each.given_at),
            show_moment(each.withdrawn_at) or "chưa / no",
        )
    return table


def _bindings(kept: privacy.Kept) -> Table:
    table = Table("Kênh chat\nchat", "Kênh\nchannel", "Nhờ\nproof", "Từ\nsince", "Nhắn gần nhất\nlast heard")
    for each in kept.bindings:
        table.add_row(
            Text(str(each.address)),
            Text(each.channel),
            _PROOFS[each.proof],
            show_moment(each.since),
            show_moment(each.heard_at),
        )
    return table


def _as_json(kept: privacy.Kept) -> dict[str, object]:
    return {
        "consents": [
            {
                "address": each.address,
                "purpose": each.purpose,
                "wording": each.wording,
                "given_at": each.given_at,
                "withdrawn_at": each.withdrawn_at,
            }
            for each in kept.consents
        ],
        "bindings": [
            {
                "address": each.address,
                "channel": each.channel,
                "proof": each.proof,
                "since": each.since,
                "heard_at": each.heard_at,
            }
            for each in kept.bindings
        ],
    }
