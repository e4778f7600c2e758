"""What an SMS takes and what it costs, with its accents and without: one text, or every kind of message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from bot.config import Config
from bot.model.message import FOR_STAFF, Situation
from bot.model.sms import Segmented, cost, segment, unaccented
from bot.show import console
from bot.show_table import Table
from bot.tariff import ASSUMED, Tariff
from bot.texts import Catalogue
from bot.texts.samples import ORDINARY
from bot.web.pages import load_words

_PUSHED = "push."
_SAMPLE = {**ORDINARY, "place": "", "count": "1", "lines": "", "fee": "150.000 đồng"}
"""An ordinary dossier. Its result is collected at the agency, in the configured hours."""
_SAMPLES_OF = {
    Situation.DIGEST: {"count": "3"},
    Situation.TEST: {"text": "Tin thử của bộ phận Một cửa."},
    Situation.APOLOGY_DRAFT: {"name": "XL-261122-0001", "new_appointment": "16:30 04/12/2026"},
    Situation.ALARM: {"name": "tin chờ quá lâu"},
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message with a sample dossier in it."""

    situation: Situation
    ways: Mapping[str, Segmented]
    accented: bool
    """It is configured to keep its accents. What goes to staff never does."""

    @property
    def is_for_staff(self) -> bool:
        return self.situation in FOR_STAFF


def both_ways(text: str) -> dict[str, Segmented]:
    """A text as it would be sent with its accents and without."""
    return {"accented": segment(text), "unaccented": segment(unaccented(text))}


def kinds_of(config: Config) -> list[Kind]:
    """Every kind of message that is pushed, as it would be sent about a sample dossier: to citizens, then to staff; the
    longest first."""
    catalogue = Catalogue.load(config.texts.language)
    kinds = []
    for name in catalogue.messages:
        if name.startswith(_PUSHED):
            situation = Situation(name.removeprefix(_PUSHED))
            values = {**_SAMPLE, "hours": config.texts.hours, **_SAMPLES_OF.get(situation, {})}
            ways = {
                way: segment(catalogue.render(name, values, plain=True, accented=way == "accented").text)
                for way in ("accented", "unaccented")
            }
            accented = situation in config.texts.accented_sms and situation not in FOR_STAFF
            kinds.append(Kind(situation, ways, accented))
    return sorted(kinds, key=lambda kind: (kind.is_for_staff, -kind.ways["accented"].units))


def text(ways: Mapping[str, Segmented], tariff: Tariff) -> None:
    accented, plain = ways["accented"], ways["unaccented"]
    table = Table("", "Có dấu / accented", "Không dấu / unaccented", show_lines=True)
    table.add_row("Nội dung / text", Text(accented.text), Text(plain.text))
    table.add_row("Bảng mã / encoding", accented.encoding, plain.encoding)
    table.add_row("Ký tự / units", str(accented.units), str(plain.units))
    table.add_row("Số tin / parts", str(len(accented.parts)), str(len(plain.parts)))
    if not tariff.prices[0].gateway:
        table.add_row("Giá / cost", *(tariff.span(len(way.parts)) for way in (accented, plain)))
    console.print(table)
    if tariff.prices[0].gateway:
        _by_gateway(tariff, accented, plain)
    _say_if_assumed(tariff)


def _by_gateway(tariff: Tariff, accented: Segmented, plain: Segmented) -> None:
    table = Table("Cổng\ngateway", "Mạng\ncarrier", "Giá\na part", "Có dấu\naccented", "Không dấu\nunaccented")
    for column in table.columns[2:]:
        column.justify = "right"
    before = tariff.prices[0].gateway
    for price in tariff.prices:
        if price.gateway != before:
            table.add_section()
            before = price.gateway
        costs = (cost(parts, price.dong) for parts in (1, len(accented.parts), len(plain.parts)))
        carrier = "còn lại / others" if price.carrier == "default" else price.carrier
        table.add_row(Text(price.gateway), carrier, *(f"{each:,} đ" for each in costs))
    console.print(table)


def kinds(found: Sequence[Kind], tariff: Tariff, language: str) -> None:
    words = load_words(language)["situations"]
    for is_for_staff, title in ((False, "Gửi công dân / to citizens"), (True, "Gửi cán bộ, bưu điện / to staff")):
        table = Table(
            "Loại tin\nkind", "Có dấu\naccented", "Không dấu\nunaccented", "Chênh\nextra", "Nay\nnow", title=title
        )
        table.columns[0].min_width = max(len(kind.situation) for kind in found)
        for column in table.columns[1:]:
            column.no_wrap = True
        for column in table.columns[1:4]:
            column.justify = "right"
        for kind in found:
            if kind.is_for_staff is is_for_staff:
                table.add_row(*_row(kind, tariff, words[kind.situation]), end_section=True)
        console.print(table)
    _say_if_assumed(tariff)
    console.print(
        "Tính trên một hồ sơ mẫu. Muốn loại nào có dấu, ghi vào cấu hình / counted on a sample dossier; "
        "to keep the accents of a kind, write into the configuration:"
    )
    console.print(f'  [texts]\n  accented_sms = ["{found[0].situation}"]')


def _row(kind: Kind, tariff: Tariff, name: str) -> tuple[Text | str, ...]:
    accented, plain = (len(kind.ways[way].parts) for way in ("accented", "unaccented"))
    return (
        Text(f"{kind.situation}\n{name}"),
        f"{accented} tin\n{tariff.span(accented)}",
        f"{plain} tin\n{tariff.span(plain)}",
        f"+{tariff.span(accented - plain)}" if accented > plain else "0 đ",
        "có dấu" if kind.accented else "không dấu",
    )


def _say_if_assumed(tariff: Tariff) -> None:
    if tariff.assumed:
        console.print(
            f"Chưa khai giá: tạm tính {ASSUMED} đ một tin (--price, hoặc prices trong [channels.…]). / "
            "No prices are configured: this one is assumed."
        )


def text_json(ways: Mapping[str, Segmented], tariff: Tariff) -> dict[str, Any]:
    return {**{name: _segmented(way) for name, way in ways.items()}, "costs": tariff.costs(ways)}


def kinds_json(found: Sequence[Kind], tariff: Tariff) -> list[dict[str, Any]]:
    return [
        {
            "situation": kind.situation.value,
            "to": "staff" if kind.is_for_staff else "citizens",
            "now": "accented" if kind.accented else "unaccented",
            **text_json(kind.ways, tariff),
        }
        for kind in found
    ]


def _segmented(way: Segmented) -> dict[str, Any]:
    return {"text": way.text, "encoding": way.encoding, "units": way.units, "parts": len(way.parts)}
