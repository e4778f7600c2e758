"""Each misbehaviour shown over a real socket, switched on and off while the province runs."""

import asyncio
import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.adapters.onestop.support import Listener, Office, listening, running


async def _statuses(office: Office, token: dict[str, str], calls: int) -> list[int]:
    found = []
    for _ in range(calls):
        async with office.http.get(f"{office.api}/ho-so", headers=token) as answer:
            found.append(answer.status)
    return found


async def _hundred_calls() -> tuple[list[int], Any]:
    async with running(backlog=1) as office:
        token = await office.token()
        await office.misbehave(errors=0.2, throttle=0.2)
        return await _statuses(office, token, 100), await office.told("/stats")


async def test_a_share_of_calls_fails_or_is_throttled_and_the_same_ones_for_the_same_seed() -> None:
    first, stats = await _hundred_calls()
    again, _ = await _hundred_calls()

    shares = Counter(first)
    assert first == again
    assert set(shares) == {200, 429, 500}
    assert 8 <= shares[500] <= 35
    assert 8 <= shares[429] <= 35
    assert stats["api"]["500"] == stats["struck"]["errors"] == shares[500]


async def test_a_throttled_call_is_told_when_to_come_again() -> None:
    async with (
        running(throttle=1) as office,
        office.http.post(f"{office.api}/getToken", json={}) as answer,
    ):
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")


async def test_truncated_answers_are_half_a_text_or_a_broken_connection() -> None:
    async with running(backlog=20) as office:
        token = await office.token()
        await office.misbehave(truncate=1)
        kinds: Counter[str] = Counter()
        for _ in range(6):
            try:
                async with office.http.get(f"{office.api}/ho-so", headers=token) as answer:
                    text = await answer.text()
            except aiohttp.ClientPayloadError:
                kinds["broken"] += 1
                continue
            with pytest.raises(json.JSONDecodeError):
                json.loads(text)
            assert text.startswith('{"TongSo": 20, "HoSo": [')
            kinds["half"] += 1
        await office.misbehave(truncate=0)
        whole = await office.page(token)

    assert kinds == {"half": 3, "broken": 3}
    assert len(whole["HoSo"]) == 20


async def test_a_call_that_hangs_is_never_answered_while_others_are() -> None:
    async with running(backlog=1) as office:
        token = await office.token()
        await office.misbehave(hang=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(office.page(token), 0.2)
        await office.misbehave(hang=0)
        answered = await office.page(token)
        stats = await office.told("/stats")

    assert answered["TongSo"] == 1
    assert stats["api"]["hung"] == 1


async def test_records_come_twice_in_a_page_but_are_counted_once() -> None:
    async with running(backlog=200, dossiers_per_day=1, duplicates=0.25) as office:
        page = await office.page(await office.token(), size=500)

    codes = Counter(record["MaHoSo"] for record in page["HoSo"])
    assert page["TongSo"] == len(codes) == 200
    assert set(codes.values()) == {1, 2}
    assert 20 < len(page["HoSo"]) - 200 < 80


async def test_rows_come_twice_in_a_file(tmp_path: Path) -> None:
    async with running(out=tmp_path, rest_port=None, backlog=200, dossiers_per_day=1, duplicates=0.25) as office:
        await office.told("/stats")
        [path] = tmp_path.glob("*.csv")

    with path.open(encoding="utf-8-sig") as file:
        codes = Counter(row["MaHoSo"] for row in csv.DictReader(file))
    assert len(codes) == 200
    assert set(codes.values()) == {1, 2}


async def test_while_it_is_down_the_port_is_closed_and_afterwards_everything_is_caught_up(tmp_path: Path) -> None:
    listener = Listener()
    async with (
        listening(listener),
        running(
            out=tmp_path, push_url=listener.url, push_key="env:ONESTOP_KEY", dossiers_per_day=20_000, speed=600
        ) as office,
    ):
        token = await office.token()
        await office.until("/stats", lambda stats: stats["pushes"].get("taken", 0) > 10)
        await office.misbehave(down=60)
        with pytest.raises(aiohttp.ClientError):
            await _asked_for_ever(office, token)
        before = await office.until("/stats", _stands_still())
        files = len(list(tmp_path.iterdir()))
        await asyncio.sleep(0.2)
        during = await office.told("/stats")
        files_during = len(list(tmp_path.iterdir()))
        await office.misbehave(down=0)
        after = await office.until(
            "/stats", lambda stats: stats["dossiers"]["received"] > before["dossiers"]["received"] + 50
        )
        page = await _patiently(office, token)

    assert during == before
    assert files_during == files
    assert page["TongSo"] >= after["dossiers"]["received"]


async def _asked_for_ever(office: Office, token: dict[str, str]) -> None:
    async with asyncio.timeout(20):
        while True:
            await office.page(token)


def _stands_still() -> Any:
    """Fits what is told ten times in the same words."""
    told: list[Any] = []

    def fits(found: Any) -> bool:
        told.append(found)
        return len(told) >= 10 and all(each == found for each in told[-10:])

    return fits


async def _patiently(office: Office, token: dict[str, str]) -> Any:
    """A page, as soon as the port is open again."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await office.page(token, size=1_000)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


async def test_it_gets_up_again_by_itself_and_can_be_down_from_the_start() -> None:
    async with running(backlog=5, down=0.3) as office:
        with pytest.raises(aiohttp.ClientConnectionError):
            await office.token()
        assert (await office.told("/stats"))["dossiers"]["received"] == 0
        await office.until("/misbehaviour", lambda now: now["down"] == 0)
        stats = await office.until("/stats", lambda stats: stats["dossiers"]["received"] == 5)

    assert stats["dossiers"]["received"] == 5


async def test_a_migration_flips_every_open_dossier_on_every_face_at_once(tmp_path: Path) -> None:
    listener = Listener()
    async with (
        listening(listener),
        running(
            out=tmp_path, push_url=listener.url, push_key="env:ONESTOP_KEY", backlog=200, dossiers_per_day=1
        ) as office,
    ):
        token = await office.token()
        stats = await office.until("/stats", lambda stats: stats["pushes"]["waiting"] == 0)
        before, pushed = stats["dossiers"]["open"], stats["pushes"]["taken"]
        words = Counter(record["TenTrangThai"] for record in (await office.page(token, size=500))["HoSo"])
        await office.misbehave(migration="word")
        await office.until("/stats", lambda stats: stats["pushes"]["taken"] == pushed + before)
        flipped = (await office.page(token, size=500))["HoSo"]
        await office.misbehave(migration="none")
        await office.until("/stats", lambda stats: stats["pushes"]["taken"] == pushed + 2 * before)
        healed = Counter(record["TenTrangThai"] for record in (await office.page(token, size=500))["HoSo"])
        last = sorted(tmp_path.glob("*.csv"))

    strange = [record for record in flipped if record["TenTrangThai"].startswith("TT")]
    assert before > 40
    assert len(strange) == before
    assert healed == words
    with last[1].open(encoding="utf-8-sig") as file:
        assert all(row["TrangThaiHoSo"].startswith("TT") for row in csv.DictReader(file))
    moved = listener.bodies()[pushed : pushed + before]
    assert all(body["TrangThaiHoSo"].startswith("TT") for body in moved)


@pytest.mark.parametrize("given", [{"errors": 2}, {"migration": "yes"}, {"eroors": 0.5}, {"down": -1}, {"skew": 1e300}])
async def test_a_misbehaviour_that_does_not_exist_is_refused_and_changes_nothing(given: dict[str, Any]) -> None:
    async with running(errors=0.5) as office:
        async with office.http.patch(f"{office.control}/misbehaviour", json=given) as answer:
            status, text = answer.status, await answer.text()
        now = await office.told("/misbehaviour")

    assert status == 400
    assert next(iter(given)) in text
    assert (now["errors"], now["down"], now["migration"]) == (0.5, 0, "none")


async def test_the_control_port_knows_no_stranger_and_pushes_nowhere_where_it_was_not_told_to() -> None:
    async with running(backlog=1) as office:
        async with office.http.get(f"{office.control}/dossiers/H32.01-000000-0000") as answer:
            unknown = answer.status
        async with office.http.get(f"{office.control}/pushes") as answer:
            no_push = answer.status

    assert (unknown, no_push) == (404, 404)
