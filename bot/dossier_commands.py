"""The command `motcua lookup`: one dossier with everything that is known of it. Who looked stands in the record."""

from typing import Annotated

import typer

from bot import show, show_dossier
from bot.command_line import HERE, ConfigPath, in_database
from bot.command_record import dossier_look, looked
from bot.config import load_config
from bot.histories import History, histories_of
from bot.model.code import read_codes
from bot.ports import Storage
from bot.texts import Catalogue


def lookup(code: Annotated[str, typer.Argument(help="Mã hồ sơ / dossier code")], config: ConfigPath = HERE) -> None:
    """Xem một hồ sơ trong bản sao, như cán bộ thấy. / Show a dossier of the mirror, as staff see it."""
    settings = load_config(config)
    codes = [found.code for found in read_codes(code) if found.kind == "dossier"] or [code]
    found = in_database(settings, lambda storage: _looked_at(storage, codes[0]))
    if not found:
        show.errors.print(f"Không có hồ sơ {codes[0]} trong bản sao. / No dossier {codes[0]} in the mirror.")
        raise typer.Exit(1)
    for each in found:
        show_dossier.history(each, Catalogue.load(settings.texts.language))


async def _looked_at(storage: Storage, code: str) -> list[History]:
    found = await histories_of(storage, code)
    await looked(storage, *(dossier_look(each.dossier, whole=False) for each in found))
    return found
