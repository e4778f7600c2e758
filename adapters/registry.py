"""The word in config.toml → the adapter. An explicit table, so that a reader sees all there is."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from adapters.channels import email, log, sms_http, sms_smpp, telegram, webchat, zalo, zalobot
from adapters.simulators import email as email_simulator
from adapters.simulators import onestop, smsc
from adapters.simulators import sms_http as sms_http_simulator
from adapters.simulators import telegram as telegram_simulator
from adapters.simulators import zalo as zalo_simulator
from adapters.simulators import zalobot as zalobot_simulator
from adapters.sources import folder, push, rest, sql_view
from bot.ports import Channel, Source
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A way to reach citizens."""

    settings: type[Settings]
    open: Callable[..., AbstractAsyncContextManager[Channel]]
    scheme: str
    """Which addresses it can reach."""
    check: Callable[..., Awaitable[str]] | None = None
    """Tries the provider once; a line for people, or `ChannelError`."""
    variants: Mapping[str, type[Settings]] = field(default_factory=dict)
    """Settings by the word after `provider`, where one kind speaks to several providers."""
    keeps_tokens: bool = False
    """Its credentials rotate: `open` and `check` are given a `Vault` as `vault`."""
    buttons: bool = False
    """Options are buttons there."""
    shown: str = ""
    """Its name to citizens, where messages to it go another way when its provider cannot be reached."""
    tells_time: bool = True
    """It notes when something was heard, or reckons with the hour: `open` is given the service's `clock`."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A way to read a one-stop software."""

    settings: type[Settings]
    open: Callable[[str, Any], AbstractAsyncContextManager[Source]]


@dataclass(frozen=True, slots=True)
class SimulatorKind:
    """A stand-in for somebody else's system, speaking its real protocol on localhost."""

    settings: type[Settings]
    run: Callable[[Any, Callable[[], None]], Awaitable[None]]


CHANNELS: Mapping[str, ChannelKind] = {
    "sms_smpp": ChannelKind(sms_smpp.Settings, sms_smpp.open, "sms", sms_smpp.check),
    "sms_http": ChannelKind(sms_http.Settings, sms_http.open, "sms", sms_http.check, sms_http.VARIANTS),
    "telegram": ChannelKind(
        telegram.Settings, telegram.open, "telegram", telegram.check, buttons=True, shown="Telegram"
    ),
    "webchat": ChannelKind(webchat.Settings, webchat.open, "webchat", buttons=True, tells_time=False),
    "zalo": ChannelKind(zalo.Settings, zalo.open, "zalo", zalo.check, keeps_tokens=True, shown="Zalo"),
    "zalobot": ChannelKind(zalobot.Settings, zalobot.open, "zalobot", zalobot.check, shown="Zalo Bot"),
    "email": ChannelKind(email.Settings, email.open, "email", email.check),
    "log": ChannelKind(log.Settings, log.open, "sms"),
}

SOURCES: Mapping[str, SourceKind] = {
    "folder": SourceKind(folder.Settings, folder.open),
    "push": SourceKind(push.Settings, push.open),
    "rest": SourceKind(rest.Settings, rest.open),
    "sql_view": SourceKind(sql_view.Settings, sql_view.open),
}

SIMULATORS: Mapping[str, SimulatorKind] = {
    "email": SimulatorKind(email_simulator.Settings, email_simulator.run),
    "onestop": SimulatorKind(onestop.Settings, onestop.run),
    "sms_http": SimulatorKind(sms_http_simulator.Settings, sms_http_simulator.run),
    "smsc": SimulatorKind(smsc.Settings, smsc.run),
    "telegram": SimulatorKind(telegram_simulator.Settings, telegram_simulator.run),
    "zalo": SimulatorKind(zalo_simulator.Settings, zalo_simulator.run),
    "zalobot": SimulatorKind(zalobot_simulator.Settings, zalobot_simulator.run),
}
