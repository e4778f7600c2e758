"""What the province pushes to a listener of ours: both dialects, order, bursts, and a listener that comes and goes."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from adapters.simulators.onestop import Settings
from tests.adapters.onestop.support import KEY, Listener, free_port, listening, running

OWN: dict[str, Any] = {"push_form": "own", "push_key": "env:ONESTOP_KEY", "rest_port": None}
NATIONAL: dict[str, Any] = {
    "push_form": "national",
    "push_username": "tinh",
    "push_password": "env:ONESTOP_KEY",
    "rest_port": None,
}
SESSION = {"session": "s1", "error_code": "0"}


def _versions(bodies: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for body in bodies:
        found[body["MaHoSo"]].append(int(body["PhienBan"]))
    return found


def _settled(events: int) -> Any:
    return lambda stats: stats["pushes"].get("taken", 0) >= events and stats["pushes"]["waiting"] == 0


async def test_every_event_is_pushed_with_the_key_and_in_the_order_of_its_dossier() -> None:
    async with (
        listening(Listener()) as listener,
        running(**OWN, push_url=listener.url, backlog=200, dossiers_per_day=1) as office,
    ):
        await office.until("/stats", _settled(400))
        known = await office.told("/dossiers")

    versions = _versions(listener.bodies())
    assert {path for path, _, _ in listener.calls} == {"/onestop/v1/dossiers"}
    assert {headers["x-api-key"] for _, headers, _ in listener.calls} == {KEY}
    assert versions == {each["code"]: list(range(1, each["version"] + 1)) for each in known}
    assert listener.busiest > 10, "dossiers do not wait for each other"
    assert all(body["QuaTrinhXuLy"][-1]["TrangThai"] == body["TrangThaiHoSo"] for body in listener.bodies())


async def test_the_national_dialect_logs_in_once_and_sends_the_dossier_before_its_progress() -> None:
    def answer(path: str, body: Any) -> web.Response:
        return web.json_response(SESSION if path.endswith("/auth") else {"error_code": 0})

    async with (
        listening(Listener(answer=answer)) as listener,
        running(**NATIONAL, push_url=listener.url, backlog=60, dossiers_per_day=1) as office,
    ):
        await office.until("/stats", _settled(120))

    [login, *others] = listener.bodies()
    assert login == {"username": "tinh", "password": KEY}
    assert [path for path, _, _ in listener.calls].count("/onestop/v1/auth") == 1
    assert {headers["dstcode"] for _, headers, _ in listener.calls} == {"H32"}
    assert {body["session"] for body in others} == {"s1"}
    by_code: dict[str, list[Any]] = defaultdict(list)
    for body in others:
        [record] = body["data"]
        by_code[record["MaHoSo"]].append(body)
    for bodies in by_code.values():
        assert [body["service"] for body in bodies[:2]] == ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]
        sent = [body for body in bodies if body["service"] == "DongBoHoSoMC"]
        assert [body["isUpdating"] for body in sent] == ["False"] + ["True"] * (len(sent) - 1)
        for dossier, progress in pairwise(bodies):
            if progress["service"] == "CapNhatTienDoHoSoMC":
                assert dossier["data"][0]["TrangThaiHoSo"] == progress["data"][0]["TrangThai"]
                assert len(progress["data"][0]["ThoiDiemXuLy"]) == 14


async def test_the_national_dialect_can_ask_first_what_is_known() -> None:
    known: set[str] = set()

    def answer(path: str, body: Any) -> web.Response:
        if path.endswith("/auth"):
            return web.json_response(SESSION)
        if body["service"] == "TraCuuHoSo":
            return web.json_response({"error_code": "00", "data": [{}] if body["mahoso"] in known else []})
        if body["service"] == "DongBoHoSoMC":
            code = body["data"][0]["MaHoSo"]
            assert body["isUpdating"] == str(code in known)
            known.add(code)
        return web.json_response({"error_code": "00"})

    async with (
        listening(Listener(answer=answer)) as listener,
        running(**NATIONAL, push_url=listener.url, push_look_up=True, backlog=20, dossiers_per_day=1) as office,
    ):
        stats = await office.until("/stats", _settled(40))

    assert "refused" not in stats["pushes"]
    assert len(known) == 20


async def test_a_session_that_has_ended_is_opened_again_and_nothing_is_lost() -> None:
    sessions: list[str] = []
    left = 0

    def answer(path: str, body: Any) -> web.Response:
        nonlocal left
        if path.endswith("/auth"):
            sessions.append(f"s{len(sessions)}")
            left = 15
            return web.json_response({"session": sessions[-1], "error_code": 0})
        left -= 1
        fine = body["session"] == sessions[-1] and left > 0
        return web.json_response({"error_code": 0 if fine else -1})

    async with (
        listening(Listener(answer=answer)) as listener,
        running(**NATIONAL, push_url=listener.url, push_window=1, backlog=20, dossiers_per_day=1) as office,
    ):
        stats = await office.until("/stats", _settled(40))

    assert len(sessions) > 3
    assert "refused" not in stats["pushes"]
    assert stats["dossiers"]["received"] == 20


async def test_what_is_refused_is_given_up_and_stops_no_other() -> None:
    def answer(path: str, body: Any) -> web.Response:
        return web.json_response({"errors": ["x"]}, status=422 if body["PhienBan"] == "2" else 200)

    async with (
        listening(Listener(answer=answer)) as listener,
        running(**OWN, push_url=listener.url, backlog=60, dossiers_per_day=1) as office,
    ):
        stats = await office.until(
            "/stats", lambda stats: stats["pushes"]["waiting"] == 0 and stats["pushes"].get("taken", 0) > 100
        )
        journal = await office.told("/pushes")

    refused = [push for push in journal if not push["taken"]]
    assert len(journal) == stats["pushes"]["taken"] + stats["pushes"]["refused"]
    assert [push["number"] for push in journal] == list(range(1, len(journal) + 1))
    assert {push["version"] for push in refused} == {2}
    assert max(push["version"] for push in journal if push["taken"]) > 2
    assert {(push["status"], push["tries"], push["answer"]) for push in refused} == {(422, 1, '{"errors": ["x"]}')}


async def test_a_listener_that_is_away_and_then_slow_gets_everything_in_order() -> None:
    port = free_port()
    refusals = 30

    def answer(path: str, body: Any) -> web.Response:
        nonlocal refusals
        refusals -= 1
        if refusals > 0:
            return web.Response(status=503 if refusals % 2 else 429, headers={"Retry-After": "0"})
        return web.json_response({"accepted": 1})

    url = f"http://127.0.0.1:{port}/onestop/v1"
    async with running(**OWN, push_url=url, backlog=50, dossiers_per_day=1) as office:
        await office.until("/stats", lambda stats: stats["pushes"].get("repeated", 0) > 20)
        async with listening(Listener(answer=answer), port) as listener:
            stats = await office.until("/stats", _settled(100))
        known = await office.told("/dossiers")

    assert "refused" not in stats["pushes"]
    assert _versions(listener.bodies()) == {each["code"]: list(range(1, each["version"] + 1)) for each in known}


async def test_two_hundred_events_a_second_and_more_are_pushed() -> None:
    # The listener thinks for a while: one call after the other would make twenty a second.
    async with (
        listening(Listener(pause=0.05)) as listener,
        running(**OWN, push_url=listener.url, push_window=32, backlog=150, dossiers_per_day=1) as office,
    ):
        stats = await office.until("/stats", _settled(400))
        journal = await office.told("/pushes")

    first, last = (datetime.fromisoformat(journal[at]["at"]) for at in (0, -1))
    assert stats["pushes"]["taken"] / (last - first).total_seconds() > 200
    assert all(push["seconds"] >= 0.05 for push in journal)


async def test_the_journal_waits_for_what_comes_and_names_a_dossiers_own_pushes() -> None:
    async with (
        listening(Listener()) as listener,
        running(**OWN, push_url=listener.url, dossiers_per_day=50_000, speed=600) as office,
    ):
        [first, *_] = await office.told("/pushes?wait=10")
        found = await office.told(f"/dossiers/{first['code']}")

    assert found["dossier"]["MaHoSo"] == first["code"]
    assert first in found["pushes"]
    assert {push["code"] for push in found["pushes"]} == {first["code"]}


@pytest.mark.parametrize("given", [{"push_form": "own"}, {"push_form": "national", "push_username": "tinh"}])
def test_a_push_without_what_it_logs_in_with_is_not_begun(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="push_"):
        Settings.model_validate({"push_url": "http://127.0.0.1:1/onestop/v1", **given})
