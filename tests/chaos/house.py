"""What stands around the service in the chaos runs: where everything is, and the configuration of its processes."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo.processes import free_ports
from bot.roles import Role
from tests.chaos.office import ASKED, PUSHED

PASSWORD, TOKEN, HOOK_TOKEN = "chaos-1", "1:chaos", "2:chaos"
KEY = "a key of the chaos runs"
HOOK_SECRET = "a-secret-of-the-chaos-runs"
SHORT_CODE = "8041"
OFFICER = "+84988000005"
"""The staff's phone, to which deadlines are told."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one process of the service; `port` is its web port."""

    name: str
    roles: frozenset[Role]
    port: int

    @property
    def hears_calls(self) -> bool:
        return Role.RECEIVE in self.roles

    @property
    def has_posts(self) -> bool:
        """It does what one process does at a time, and so waits for the lease of a dead one."""
        return not self.roles.isdisjoint({Role.MIRROR, Role.PLAN, Role.RECEIVE})


@dataclass(frozen=True, slots=True)
class House:
    """Folder and ports of a run."""

    folder: Path
    url: str
    smsc: int
    smsc_control: int
    telegram: int
    hook: int
    office: int
    slots: tuple[Slot, ...]

    @classmethod
    def planned(cls, folder: Path, url: str, *, is_split: bool) -> "House":
        smsc, control, telegram, hook, office, *web = free_ports(11)
        for name, value in {"PASSWORD": PASSWORD, "TOKEN": TOKEN, "HOOK_TOKEN": HOOK_TOKEN, "KEY": KEY}.items():
            os.environ[f"MOTCUA_CHAOS_{name}"] = value
        os.environ["MOTCUA_CHAOS_HOOK_SECRET"] = HOOK_SECRET
        return cls(folder, url, smsc, control, telegram, hook, office, _slots(web, is_split=is_split))

    @property
    def smsc_log(self) -> Path:
        return self.folder / "smsc.jsonl"

    def telegram_log(self, word: str) -> Path:
        return self.folder / f"{word}.jsonl"

    @property
    def hearing(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.hears_calls]

    def write(self) -> None:
        """The configuration of each slot, in the folder."""
        for slot in self.slots:
            path = self.folder / f"{slot.name}.json"
            path.write_text(json.dumps(self.configuration(slot), default=str, indent=1), encoding="utf-8")

    def configuration(self, slot: Slot) -> dict[str, Any]:
        return {
            "storage": {"url": self.url},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}, "bulk": {"begin": "00:00", "end": "00:00"}},
            "web": {"port": slot.port, "key_file": self.folder / "web.key", "network_per_minute": 100_000},
            "console": {"enabled": False},
            "outbox": {"lease": 2.0, "send": 1.2, "poll": 0.2, "sweep": 0.3, "fresh": 1.0},
            "deadlines": {"every": 1.0, "warn_days": 0},
            "contacts": {"officer": {"roles": ["officer"], "ways": [f"sms:{OFFICER}"]}},
            "broadcasts": {"canary": 0, "approve_people": 100_000, "approve_cost": 100_000_000},
            "lookup": {"tighten": False},
            "channels": self._channels(),
            "sources": self._sources(),
        }

    def _channels(self) -> dict[str, Any]:
        hook_port = self.hearing[0].port
        return {
            "sms": {
                "kind": "sms_smpp", "host": "127.0.0.1", "port": self.smsc, "system_id": "chaos",
                "password": "env:MOTCUA_CHAOS_PASSWORD", "source_addr": SHORT_CODE, "window": 40,
                "reference_tlv": 0x1501, "response_timeout": 1.0, "reconnect_min": 0.05, "reconnect_max": 0.3,
            },
            "telegram": {
                "kind": "telegram", "token": "env:MOTCUA_CHAOS_TOKEN", "poll_seconds": 2, "rate": 0, "chat_rate": 0,
                "base_url": f"http://127.0.0.1:{self.telegram}/bot",
            },
            "hook": {
                "kind": "telegram", "token": "env:MOTCUA_CHAOS_HOOK_TOKEN", "mode": "webhook", "rate": 0,
                "chat_rate": 0, "webhook_secret": "env:MOTCUA_CHAOS_HOOK_SECRET",
                "webhook_url": f"http://127.0.0.1:{hook_port}/webhooks/hook",
                "base_url": f"http://127.0.0.1:{self.hook}/bot",
            },
        }  # fmt: skip

    def _sources(self) -> dict[str, Any]:
        calm = {"brake_messages": 0, "brake_percent": 0, "go_live": "2020-01-01T00:00:00+07:00", "reconcile_at": None}
        return {
            ASKED: {
                "kind": "rest", "base_url": f"http://127.0.0.1:{self.office}", "pause": 0.2, "retry_pause": 0.1,
                "listing": {"url": "/dossiers", "query": {"start": "{offset}", "since": "{since}"}},
                "records": "rows", "paging": {"by": "offset", "size": 200, "total": "total"},
                "changes": {"mode": "since", "field": "ThoiDiemGhi", "overlap": 3, "format": "%Y-%m-%dT%H:%M:%S"},
                **calm,
            },
            PUSHED: {"kind": "push", "keys": ["env:MOTCUA_CHAOS_KEY"], **calm},
        }  # fmt: skip


def simulators(house: House) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name → (kind, settings)."""
    telegram = {"port": house.telegram, "token": TOKEN, "log": str(house.telegram_log("telegram"))}
    hook = {"port": house.hook, "token": HOOK_TOKEN, "log": str(house.telegram_log("hook")), "webhook_retry": 0.2}
    smsc = {
        "port": house.smsc, "control_port": house.smsc_control, "log": str(house.smsc_log), "log_flush": 0,
        "delay": 0.3, "latency": 0.02, "answer_timeout": 3.0,
    }  # fmt: skip
    return {"smsc": ("smsc", smsc), "telegram": ("telegram", telegram), "hooked": ("telegram", hook)}


def _slots(ports: Sequence[int], *, is_split: bool) -> tuple[Slot, ...]:
    if not is_split:
        return (Slot("all", frozenset(Role), ports[0]),)
    split = {
        "receive": {Role.RECEIVE},
        "send1": {Role.SEND},
        "send2": {Role.SEND},
        "mirror": {Role.MIRROR},
        "plan": {Role.PLAN},
        "web": {Role.WEB},
    }
    return tuple(Slot(name, frozenset(roles), port) for (name, roles), port in zip(split.items(), ports, strict=True))
