"""The command `motcua link`: the links and QR codes that open our channels with a dossier's code filled in."""

from pathlib import Path
from typing import Annotated

import typer

from bot import show
from bot.command_line import HERE, AsJson, ConfigPath
from bot.config import load_config
from bot.links import Link, links_of, qr_png, qr_svg
from bot.model.code import canonical
from bot.model.errors import ConfigError


def link(
    code: Annotated[str, typer.Argument(help="Mã hồ sơ / dossier code")],
    qr: Annotated[
        Path | None, typer.Option("--qr", help="Ghi mã QR vào tệp .svg hoặc .png / write a QR code, .svg or .png")
    ] = None,
    channel: Annotated[
        str, typer.Option("--channel", help="Mã QR của kênh nào / whose QR code: web, zalo, telegram, sms")
    ] = "",
    config: ConfigPath = HERE,
    json: AsJson = False,
) -> None:
    """In liên kết và mã QR của một hồ sơ. / Print the links and a QR code of a dossier."""
    read = canonical(code)
    if read is None:
        raise ConfigError(f"“{code}” không phải mã hồ sơ / is no dossier code")
    links = links_of(read, load_config(config).links)
    if not links:
        raise ConfigError(f"{config}: [links] còn trống / is empty: web, telegram, zalo, sms")
    if json:
        show.as_json([{"channel": each.channel, "url": each.url, "carries_code": each.carries_code} for each in links])
    else:
        _print(links)
    if qr:
        _draw(_chosen(links, channel), qr, quiet=json)


def _print(links: list[Link]) -> None:
    for each in links:
        note = "" if each.carries_code else "  (mã hồ sơ phải tự gõ / the code must be typed)"
        show.console.print(f"{each.channel:<9} {each.url}{note}", soft_wrap=True)


def _chosen(links: list[Link], channel: str) -> Link:
    """The first one that carries the code, where no channel is named."""
    if not channel:
        return next((each for each in links if each.carries_code), links[0])
    for each in links:
        if each.channel == channel:
            return each
    known = ", ".join(each.channel for each in links)
    raise ConfigError(f"--channel {channel}: [links] không có kênh này / has no such channel ({known})")


def _draw(chosen: Link, path: Path, *, quiet: bool) -> None:
    match path.suffix.lower():
        case ".svg":
            drawing = qr_svg(chosen.url).encode()
        case ".png":
            drawing = qr_png(chosen.url)
        case _:
            raise ConfigError(f"{path}: xin đặt tên tệp .svg hoặc .png / name a file .svg or .png")
    try:
        path.write_bytes(drawing)
    except OSError as error:
        raise ConfigError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None
    if not quiet:
        show.console.print(f"Mã QR ({chosen.channel}): {path}", soft_wrap=True)
