"""The whole way in, from a one-stop software that misbehaves over real sockets: the mirror ends in the truth."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.sources import push
from bot.brake import release
from bot.intake import Intake
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.ids import id_maker
from bot.ports import Storage
from bot.settings import SourceSettings
from bot.web.context import Door
from tests.adapters.onestop.support import KEY, START, Office, running
from tests.support.making import planner
from tests.web.office import open_office

LATER = START + timedelta(days=60)


def now() -> datetime:
    """After everything that the province goes through."""
    return LATER


@dataclass
class Service:
    url: str
    storage: Storage


@pytest.fixture
def rules() -> SourceSettings:
    return SourceSettings(go_live=START - timedelta(days=60), brake_messages=0, brake_percent=0)


@pytest.fixture
async def service(
    sqlite_storage: Storage, rules: SourceSettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    monkeypatch.setenv("ONESTOP_KEY", KEY)
    settings = push.Settings(keys=(SecretStr(KEY),), users={"tinh": SecretStr(KEY)})
    mirror = Mirror("office", sqlite_storage, planner(id_maker(now)), now, rules)
    async with push.open("office", settings) as source:
        assert source.push is not None
        doors = {"office": Door(source.push, Intake(mirror).accept)}
        async with open_office(sqlite_storage, doors=doors) as office:
            yield Service(f"{office.url}/onestop/v1", sqlite_storage)


async def pushed_out(office: Office) -> Any:
    """The counters, once everything that the province had to say was said."""
    return await office.until(
        "/stats",
        lambda told: not told["dossiers"]["open"] and not told["pushes"]["waiting"] and not told["pushes"]["held"],
    )


async def compared(office: Office, storage: Storage) -> tuple[dict[str, Any], dict[str, Any]]:
    told = {each["code"]: (each["version"], each["status"]) for each in await office.told("/dossiers?limit=10000")}

    async def read(tx: Any) -> dict[str, Any]:
        found = await tx.dossiers.get_many("office", told)
        return {code: (dossier.sequence, int(dossier.status)) for code, dossier in found.items()}

    return told, await storage.read(read)


async def test_repeated_and_reordered_pushes_end_in_the_truth(service: Service) -> None:
    course: dict[str, Any] = {"backlog": 60, "dossiers_per_day": 1, "days": 0.5, "speed": 10_000_000, "rest_port": None}
    async with running(
        push_url=service.url, push_key="env:ONESTOP_KEY", duplicates=0.3, reorder=0.3, **course
    ) as office:
        stats = await pushed_out(office)
        told, mirrored = await compared(office, service.storage)

    assert min(stats["struck"].get(fault, 0) for fault in ("duplicates", "reorder")) > 5
    assert mirrored == told
    late = [
        event
        for code in told
        for event in await service.storage.read(lambda tx, c=code: tx.dossiers.late_of("office", c))  # type: ignore[misc]
    ]
    assert late
    assert (await balance(service.storage)).balanced


class TestMigration:
    """A bad migration at the source: everything flips at once."""

    @pytest.fixture
    def rules(self) -> SourceSettings:
        return SourceSettings(go_live=START, brake_messages=20, brake_percent=0)

    async def test_it_is_mirrored_and_texts_nobody(self, service: Service) -> None:
        course: dict[str, Any] = {"backlog": 200, "dossiers_per_day": 1, "rest_port": None}
        async with running(push_url=service.url, push_key="env:ONESTOP_KEY", **course) as office:
            await office.until("/stats", lambda told: told["pushes"].get("waiting") == 0)
            before = await balance(service.storage)
            await office.misbehave(migration="status")
            known = sum(version for version, _ in (await compared(office, service.storage))[1].values())
            await office.until("/dossiers?limit=1000", lambda told: sum(each["version"] for each in told) > known)
            await office.until("/stats", lambda told: told["pushes"].get("waiting") == 0)
            told, mirrored = await compared(office, service.storage)

        after = await balance(service.storage)
        assert before.planned == 0
        assert mirrored == told
        assert after.states["queued"] == 0  # type: ignore[index]
        held = after.states["held"]  # type: ignore[index]
        assert held > 20
        assert await release(service.storage, "office", send=False, by="lan", now=now()) == held
        assert (await balance(service.storage)).balanced
