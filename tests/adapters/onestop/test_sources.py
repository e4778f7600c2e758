"""What the province tells on each face, our sources understand: also while it misbehaves."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from adapters.sources import push, rest, sql_view
from bot.model.dossier import Dossier, ProgressReport
from bot.ports import Applied, Batch, Source, WebhookRequest
from tests.adapters.onestop.support import KEY, Listener, Office, listening, running

PASSWORD = SecretStr(KEY)
CITY: dict[str, Any] = {
    "login": {"kind": "token", "url": "/getToken", "username": "motcua", "password": "env:ONESTOP_KEY"},
    "listing": {"url": "/ho-so", "query": {"since": "{since}", "page": "{page}", "size": "{size}"}},
    "records": "HoSo",
    "paging": {"by": "page", "size": 10, "total": "TongSo"},
    "changes": {"mode": "since", "format": "%Y-%m-%dT%H:%M:%S"},
}
NATION: dict[str, Any] = {
    "login": {"kind": "session", "url": "/auth", "username": "motcua", "password": "env:ONESTOP_KEY"},
    "listing": {
        "method": "POST",
        "url": "/integration",
        "body": {
            "session": "{session}", "service": "LayDanhSachHoSo",
            "TuNgay": "{since}", "Trang": "{page}", "SoLuong": "{size}",
        },
    },
    "records": "data",
    "paging": {"by": "page", "size": 10, "total": "TongSo"},
    "changes": {"mode": "since", "format": "%Y%m%d%H%M%S"},
}  # fmt: skip


async def _read(opening: AbstractAsyncContextManager[Source], cursor: str | None = None) -> list[Batch]:
    """One round."""
    async with opening as source:
        assert source.source
        return [batch async for batch in source.source.batches(cursor)]


def _latest(batches: list[Batch]) -> dict[str, Dossier]:
    return {dossier.code: dossier for batch in batches for dossier in batch.dossiers}


async def _agree(office: Office, found: Mapping[str, Dossier]) -> None:
    """The mirror would be true: code, version, status, and nothing else."""
    known = await office.told("/dossiers?limit=10000")
    told = {each["code"]: (each["version"], each["status"]) for each in known}
    assert {code: (dossier.sequence, int(dossier.status)) for code, dossier in found.items()} == told


@pytest.mark.parametrize("shape", [CITY, NATION], ids=["city", "nation"])
async def test_a_source_that_asks_reads_a_province_that_misbehaves(shape: dict[str, Any]) -> None:
    async with running(backlog=300, dossiers_per_day=1, accounts={"motcua": KEY}, interlinked=1) as office:
        settings = rest.Settings.model_validate({"base_url": office.api, "retry_pause": 0.01, "retries": 10} | shape)
        await office.misbehave(errors=0.2, throttle=0.1, truncate=0.2, duplicates=0.2)
        first = await _read(rest.open("mc", settings.model_copy(update={"longest_pause": 0.02})))
        stats = await office.told("/stats")
        await office.misbehave(migration="status", errors=0, throttle=0, truncate=0)
        known = sum(dossier.sequence or 0 for dossier in _latest(first).values())
        await office.until("/dossiers", lambda told: sum(each["version"] for each in told) > known)
        later = await _read(rest.open("mc", settings), first[-1].cursor)
        await _agree(office, _latest(first) | _latest(later))

    assert min(stats["struck"].get(fault, 0) for fault in ("errors", "throttle", "truncate", "duplicates")) > 0
    assert not [row for batch in first + later for row in batch.quarantined]


async def test_the_steps_of_several_agencies_are_read() -> None:
    async with running(backlog=300, dossiers_per_day=1, accounts={"motcua": KEY}, interlinked=1) as office:
        settings = rest.Settings.model_validate({"base_url": office.api} | CITY)
        found = _latest(await _read(rest.open("mc", settings)))

    shared = [dossier for dossier in found.values() if len({step.agency for step in dossier.steps}) > 1]
    assert len(shared) > 20
    assert all(step.started_at and step.status for dossier in found.values() for step in dossier.steps)


async def test_a_source_that_reads_the_view_follows_a_migration(tmp_path: Path) -> None:
    path = tmp_path / "mc.db"
    async with running(sql_url=f"sqlite:///{path}", backlog=200, dossiers_per_day=1, rest_port=None) as office:
        settings = sql_view.Settings(url=f"sqlite:///{path}", view="v_ho_so")
        first = await _read(sql_view.open("mc", settings))
        await _agree(office, _latest(first))
        await office.misbehave(migration="status")
        later: dict[str, Dossier] = {}
        for _ in range(100):
            later = _latest(await _read(sql_view.open("mc", settings), first[-1].cursor))
            if any(dossier.status is not _latest(first)[code].status for code, dossier in later.items()):
                break
        await _agree(office, _latest(first) | later)


class _Service(Listener):
    """A listener that is the real source, and remembers what it accepts."""

    def __init__(self) -> None:
        super().__init__()
        self.source = push.PushSource("mc", push.Settings(keys=(PASSWORD,), users={"tinh": PASSWORD}))
        self.dossiers: list[Dossier] = []
        self.reports: list[ProgressReport] = []

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        path, query = request.match_info["what"], dict(request.query)
        call = WebhookRequest(request.method, path, query, headers, await request.read())
        answer = await self.source.receive(call, self._accept)
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    async def _accept(self, batch: Batch) -> Applied:
        self.dossiers += batch.dossiers
        self.reports += batch.reports
        return Applied(rows=len(batch.dossiers))


@pytest.mark.parametrize("form", ["own", "national"])
async def test_a_source_that_is_called_takes_every_event_as_often_as_it_is_made(form: str) -> None:
    service = _Service()
    given: dict[str, Any] = {"push_username": "tinh", "push_password": "env:ONESTOP_KEY", "push_key": "env:ONESTOP_KEY"}
    async with (
        listening(service),
        running(
            **given, push_form=form, push_url=service.url, rest_port=None, backlog=100, dossiers_per_day=1
        ) as office,
    ):
        stats = await office.until(
            "/stats", lambda stats: stats["pushes"]["waiting"] == 0 and stats["dossiers"]["received"] == 100
        )
        await _agree(office, {dossier.code: dossier for dossier in service.dossiers})

    assert "refused" not in stats["pushes"]
    assert len(service.dossiers) == stats["pushes"]["taken"]
    assert len(service.reports) == (stats["pushes"]["taken"] if form == "national" else 0)
    assert any(dossier.waits for dossier in service.dossiers)
