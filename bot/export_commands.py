"""The command `motcua export-person`: everything that is kept of a person, in a file for her."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot import person_export, show
from bot.command_line import HERE, AsJson, ConfigPath, in_database, login, plan_of
from bot.command_record import command_entry, looked
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.phone import parse_phone
from bot.ports import Storage


def export_person(
    phone: Annotated[str, typer.Argument(help="Số điện thoại / phone number")],
    file: Annotated[Path, typer.Option("--file", help="Tệp .zip hoặc .json sẽ ghi / the file to be written")],
    by: Annotated[str | None, typer.Option(help="Ai yêu cầu; bỏ trống: tên đăng nhập / who; else the login")] = None,
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """Xuất mọi dữ liệu đang lưu về một người để trao cho họ. / Everything kept of a person, to be handed to her."""
    number = parse_phone(phone)
    if number is None:
        raise ConfigError(f"“{phone.strip()}” không phải số điện thoại / is no phone number")
    who = by or login()

    async def work(storage: Storage) -> Mapping[str, int]:
        async def before(rows: Mapping[str, int]) -> None:
            await looked(storage, command_entry("person.exported", by=who, after={"rows": dict(rows)}))

        return await person_export.export(storage, number.e164, file, utc_now, before=before)

    rows = in_database(plan_of(config).config, work)
    if json:
        show.as_json({"file": str(file), "rows": dict(rows)})
        return
    total = sum(rows.values())
    show.console.print(
        f"{file}: {show.dotted(total)} dòng từ {len(rows)} bảng, chỉ chủ tệp đọc được. Trao xong xin xóa tệp. / "
        f"{total:,} rows of {len(rows)} tables, for its owner's eyes. Delete it once it is handed over.",
        soft_wrap=True,
    )
