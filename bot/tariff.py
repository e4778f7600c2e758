"""What SMS cost: the prices of the configuration, by gateway and carrier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.config import Config, parse_table
from bot.model.sms import Segmented, cost
from bot.settings import SmsSettings

ASSUMED = 300
"""Đồng a part where nothing is configured."""


@dataclass(frozen=True, slots=True)
class Price:
    """Đồng a part at a gateway for a carrier's numbers; both empty where nothing is configured."""

    gateway: str
    carrier: str
    dong: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """What parts cost. Never without a price."""

    prices: Sequence[Price]
    assumed: bool = False
    """Nobody named a price."""

    def span(self, parts: int) -> str:
        """`900 đ`, or `900–1,050 đ` where gateways and carriers differ."""
        costs = sorted({cost(parts, price.dong) for price in self.prices})
        return f"{costs[0]:,} đ" if len(costs) == 1 else f"{costs[0]:,}–{costs[-1]:,} đ"

    def costs(self, ways: Mapping[str, Segmented]) -> list[dict[str, Any]]:
        return [
            {
                "gateway": price.gateway,
                "carrier": price.carrier,
                "price": price.dong,
                **{name: cost(len(way.parts), price.dong) for name, way in ways.items()},
            }
            for price in self.prices
        ]


def tariff_of(config: Config, price: int | None) -> Tariff:
    """`price` for all where it is given, else the prices of the channels in the configuration, else `ASSUMED`.

    Raises `ConfigError` for prices that are none. Secrets of the channels are not needed and not read.
    """
    configured = [
        Price(name, carrier, dong)
        for name, table in config.channels.items()
        if "prices" in table
        for carrier, dong in parse_table(
            SmsSettings, {"prices": table["prices"]}, f"[channels.{name}]"
        ).prices.items()
    ]  # fmt: skip
    if price is None and configured:
        return Tariff(configured)
    return Tariff([Price("", "", ASSUMED if price is None else price)], assumed=price is None)
