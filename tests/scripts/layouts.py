"""The channels on which every script is played: their tables in the configuration, and the simulators they talk to."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from adapters.channels.zalo.grant import Grant
from adapters.simulators import sms_http, smsc, telegram, zalo, zalobot
from adapters.simulators.sms_http.accounts import ACCOUNTS
from bot.app import App
from bot.demo.processes import free_ports
from bot.model.clock import utc_now
from bot.vaults import vault_for
from tests.scripts.browser import Visitor
from tests.scripts.chats import TelegramUser, ZaloBotUser, ZaloUser
from tests.scripts.handsets import SHORT_CODE, GatewayHandset, Handset
from tests.scripts.reading import Channel
from tests.scripts.service import Layout, Simulation

_LOCAL = "http://127.0.0.1"


def _secret(place: Path, name: str, value: str) -> str:
    path = place / f"{name}.secret"
    path.write_text(value, encoding="utf-8")
    return f"file:{path}"


def _centre(place: Path) -> tuple[dict[str, Any], Simulation, str]:
    """The table of an SMPP account, the centre, and where its phones are looked at."""
    port, control = free_ports(2)
    settings = smsc.Settings(port=port, control_port=control, delay=0.0)
    table = {
        "kind": "sms_smpp", "host": "127.0.0.1", "port": port, "system_id": "motcua",
        "password": _secret(place, "smpp", "secret-1"), "source_addr": SHORT_CODE, "reconnect_min": 0.05,
    }  # fmt: skip
    return table, partial(smsc.run, settings), f"{_LOCAL}:{control}"


def _sms(place: Path) -> Layout:
    table, centre, control = _centre(place)
    handset = partial(Handset, control=control)
    (web,) = free_ports(1)
    return Layout(channels={"sms": table}, simulations=[centre], citizen=handset, handset=handset, web_port=web)


def _webchat(place: Path) -> Layout:
    table, centre, control = _centre(place)
    (web,) = free_ports(1)
    return Layout(
        channels={"sms": table},
        simulations=[centre],
        citizen=partial(Visitor, url=f"{_LOCAL}:{web}"),
        handset=partial(Handset, control=control),
        web_port=web,
    )


def _telegram(place: Path) -> Layout:
    table, centre, control = _centre(place)
    web, port = free_ports(2)
    settings = telegram.Settings(port=port, token="1:abc")
    bot = {
        "kind": "telegram", "token": _secret(place, "telegram", "1:abc"), "base_url": f"{_LOCAL}:{port}/bot",
        "rate": 0, "chat_rate": 0,
    }  # fmt: skip
    return Layout(
        channels={"sms": table, "telegram": bot},
        simulations=[centre, partial(telegram.run, settings)],
        citizen=partial(TelegramUser, url=f"{_LOCAL}:{port}"),
        handset=partial(Handset, control=control),
        web_port=web,
    )


def _zalobot(place: Path) -> Layout:
    table, centre, control = _centre(place)
    web, port = free_ports(2)
    settings = zalobot.Settings(port=port, token="2:abc")
    bot = {
        "kind": "zalobot", "token": _secret(place, "zalobot", "2:abc"), "base_url": f"{_LOCAL}:{port}",
        "webhook_secret": _secret(place, "webhook", "a-secret-of-the-office"),
        "webhook_url": f"{_LOCAL}:{web}/webhooks/zalobot", "rate": 0,
    }  # fmt: skip
    return Layout(
        channels={"sms": table, "zalobot": bot},
        simulations=[centre, partial(zalobot.run, settings)],
        citizen=partial(ZaloBotUser, url=f"{_LOCAL}:{port}"),
        handset=partial(Handset, control=control),
        web_port=web,
    )


def _zalo(place: Path) -> Layout:
    table, centre, control = _centre(place)
    web, port = free_ports(2)
    settings = zalo.Settings(port=port, webhook_url=f"{_LOCAL}:{web}/webhooks/zalo", delay=0.01)
    base = f"{_LOCAL}:{port}"
    account = {
        "kind": "zalo", "app_id": settings.app_id, "app_secret": _secret(place, "app", settings.app_secret),
        "oa_secret": _secret(place, "oa", settings.oa_secret), "oa_id": settings.oa_id, "rate": 0,
        "oauth_url": base, "api_url": base, "business_url": base, "spool": place / "spool",
    }  # fmt: skip

    async def consent(app: App) -> None:
        """The account was connected a moment ago."""
        now = utc_now()
        granted = Grant.model_validate(
            {
                "access_token": settings.access_token,
                "refresh_token": settings.refresh_token,
                "expires_at": now + timedelta(hours=25),
                "refreshed_at": now,
            }
        )
        await vault_for(app.storage, "zalo", clock=app.clock).keep(granted.text)

    return Layout(
        channels={"sms": table, "zalo": account},
        simulations=[centre, partial(zalo.run, settings)],
        citizen=partial(ZaloUser, url=base),
        handset=partial(Handset, control=control),
        web_port=web,
        begin=consent,
    )


def _esms(place: Path) -> Layout:
    web, port, control = free_ports(3)
    callbacks = f"{_LOCAL}:{web}/webhooks/sms/a-path-of-the-office"
    account = ACCOUNTS["esms"]
    settings = sms_http.Settings(
        port=port, control_port=control, delay=0.0, callback=f"{callbacks}/dlr", mo_callback=f"{callbacks}/mo"
    )
    table = {
        "kind": "sms_http", "provider": "esms", "url": f"{_LOCAL}:{port}/MainService.svc/json", "sender": "MOTCUA",
        "api_key": _secret(place, "api", account["ApiKey"]),
        "secret_key": _secret(place, "key", account["SecretKey"]),
        "private_key": _secret(place, "private", account["PrivateKey"]),
        "callback_secret": _secret(place, "path", "a-path-of-the-office"),
    }  # fmt: skip
    handset = partial(GatewayHandset, control=f"{_LOCAL}:{control}")
    return Layout(
        channels={"sms": table},
        simulations=[partial(sms_http.run, settings)],
        citizen=handset,
        handset=handset,
        web_port=web,
    )


LAYOUTS: Mapping[Channel, Callable[[Path], Layout]] = {
    "sms": _sms,
    "esms": _esms,
    "webchat": _webchat,
    "telegram": _telegram,
    "zalo": _zalo,
    "zalobot": _zalobot,
}
