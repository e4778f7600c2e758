"""The API that is asked, over a real socket: log-in, pages, single dossiers, both dialects."""

import asyncio

import aiohttp
import pytest

from tests.adapters.onestop.support import START, Office, running
from tests.support.making import Time

ACCOUNTS = {"motcua": "mat-khau"}


async def _all(office: Office, token: dict[str, str], size: int) -> list[dict[str, object]]:
    found, page = [], 1
    while records := (await office.page(token, page=page, size=size))["HoSo"]:
        found += records
        page += 1
    return found


async def test_every_dossier_comes_in_pages_in_the_order_of_its_update() -> None:
    async with running(backlog=250, dossiers_per_day=1) as office:
        token = await office.token()
        found = await _all(office, token, 100)
        whole = await office.page(token, size=1_000)

        known = await office.told("/dossiers")

    times = [record["NgayCapNhat"]["$date"] for record in found]  # type: ignore[index]
    assert len(found) == whole["TongSo"] == len(whole["HoSo"]) == 250
    assert found == whole["HoSo"]
    assert times == sorted(times)
    assert [record["MaHoSo"] for record in found] == [each["code"] for each in known]
    assert any(record["NgayTraKetQua"] for record in found), "what has ended is still there"


async def test_a_record_has_the_shape_of_the_citys_look_up() -> None:
    async with running(backlog=300, interlinked=1) as office:
        records = await _all(office, await office.token(), 500)

    owners = {("TenChuHoSo" in record, "HoTen" in record) for record in records}
    steps = [step for record in records for step in record["QuaTrinhXuLy"]]  # type: ignore[attr-defined]
    assert owners == {(True, False), (False, True)}
    assert {"Đang xử lý", "Đã trả kết quả"} < {record["TenTrangThai"] for record in records}
    assert all(set(record["NgayTiepNhan"]) == {"$date"} for record in records)  # type: ignore[call-overload]
    assert all(isinstance(record["PhienBan"], int) and record["PhienBan"] >= 1 for record in records)
    assert all(step["NgayBatDau"]["$date"].endswith("Z") for step in steps)
    assert "Công an cấp xã" in {step["DonViXuLy"] for step in steps}


@pytest.mark.parametrize("written", ["iso", "offset", "digits"])
async def test_since_is_read_in_every_form_and_includes_its_moment(written: str) -> None:
    async with running(backlog=100) as office:
        token = await office.token()
        records = (await office.page(token, size=1_000))["HoSo"]
        middle = records[50]["NgayCapNhat"]["$date"]
        code = records[50]["MaHoSo"]
        national = (await office.told(f"/dossiers/{code}"))["dossier"]["NgayCapNhat"]
        local = f"{national[:4]}-{national[4:6]}-{national[6:8]}T{national[8:10]}:{national[10:12]}:{national[12:]}"
        since = {"iso": middle, "offset": f"{local}+07:00", "digits": national}[written]

        later = await office.page(token, since=since, size=1_000)

    assert [r["MaHoSo"] for r in later["HoSo"]] == [r["MaHoSo"] for r in records if r["NgayCapNhat"]["$date"] >= middle]
    assert code in {record["MaHoSo"] for record in later["HoSo"]}


@pytest.mark.parametrize("query", [{"since": "hôm qua"}, {"page": "nan"}, {"size": "x"}])
async def test_nonsense_is_a_bad_request(query: dict[str, str]) -> None:
    async with running() as office:
        with pytest.raises(aiohttp.ClientResponseError, match="400"):
            await office.page(await office.token(), **query)


async def test_only_who_is_logged_in_is_told_and_not_for_ever() -> None:
    clock = Time(START)
    async with running(clock, backlog=1, accounts=ACCOUNTS, token_seconds=3_600) as office:
        async with office.http.post(f"{office.api}/getToken", json={"username": "motcua", "password": "x"}) as wrong:
            assert wrong.status == 401
        async with office.http.post(f"{office.api}/getToken", json={"username": "motcua", **_right()}) as right:
            given = await right.json()
        token = {"Authorization": f"Bearer {given['token']}"}

        assert given["expires_in"] == 3_600
        assert (await office.page(token))["TongSo"] == 1
        with pytest.raises(aiohttp.ClientResponseError, match="401"):
            await office.page({"Authorization": "Bearer nonsense"})
        clock.pass_(minutes=59)
        assert (await office.page(token))["TongSo"] == 1
        clock.pass_(minutes=1)
        with pytest.raises(aiohttp.ClientResponseError, match="401"):
            await office.page(token)


def _right() -> dict[str, str]:
    return {"password": ACCOUNTS["motcua"]}


async def test_one_dossier_is_found_by_its_code() -> None:
    async with running(backlog=3) as office:
        token = await office.token()
        [first, *_] = (await office.page(token))["HoSo"]
        url = f"{office.api}/tra-cuu"
        async with office.http.get(url, params={"ma_ho_so": first["MaHoSo"]}, headers=token) as answer:
            found = await answer.json()
        async with office.http.get(url, params={"ma_ho_so": "H32.01-000000-0000"}, headers=token) as answer:
            nothing = await answer.json()

    assert found == {"TongSo": 1, "HoSo": [first]}
    assert nothing == {"TongSo": 0, "HoSo": []}


async def test_the_national_dialect_lists_and_looks_up_within_a_session() -> None:
    async with running(backlog=30, accounts=ACCOUNTS) as office:

        async def call(path: str, **body: object) -> dict[str, object]:
            async with office.http.post(office.api + path, json=body) as answer:
                assert answer.status == 200
                found: dict[str, object] = await answer.json()
                return found

        refused = await call("/auth", username="motcua", password="x")
        session = (await call("/auth", username="motcua", **_right()))["session"]
        listing = {"session": session, "service": "LayDanhSachHoSo", "TuNgay": "20200101000000", "SoLuong": "20"}
        first, second = [await call("/integration", **listing, Trang=page) for page in ("1", "2")]
        code = first["data"][0]["MaHoSo"]  # type: ignore[index]
        one = await call("/integration", session=session, service="TraCuuHoSo", mahoso=code)
        strangers = await call("/integration", session="x", service="TraCuuHoSo", mahoso=code)
        unknown = await call("/integration", session=session, service="XoaHetHoSo")
        nonsense = await call("/integration", session=session, service="LayDanhSachHoSo", TuNgay="hôm qua")

    assert refused["error_code"] == strangers["error_code"] == "-1"
    assert (first["error_code"], first["TongSo"]) == (0, "30")
    records = first["data"] + second["data"]  # type: ignore[operator]
    assert len({record["MaHoSo"] for record in records}) == 30
    assert one["data"] == [records[0]]
    assert all(
        isinstance(value, str) for record in records for name, value in record.items() if not isinstance(value, list)
    )
    assert all(len(record["NgayCapNhat"]) == 14 for record in records)
    assert (unknown["error_code"], nonsense["error_code"]) == ("-2", "-3")


async def test_a_client_that_begins_again_in_the_middle_finds_the_rest_where_it_left_off() -> None:
    async with running(backlog=120, dossiers_per_day=1) as office:
        token = await office.token()
        before = (await office.page(token, page=1, size=50))["HoSo"]
        async with aiohttp.ClientSession() as fresh:
            again = Office(fresh, office.api, office.control)
            rest = (await again.page(await again.token(), since=before[-1]["NgayCapNhat"]["$date"], size=500))["HoSo"]

    assert len({record["MaHoSo"] for record in before + rest}) == 120
    assert before[-1] in rest


async def test_what_changes_appears_at_the_end_with_a_higher_version() -> None:
    async with running(backlog=100, dossiers_per_day=2_000, speed=3_600) as office:
        token = await office.token()
        before = (await office.page(token, size=1_000))["HoSo"]
        versions = {record["MaHoSo"]: record["PhienBan"] for record in before}

        changed: list[dict[str, object]] = []
        async with asyncio.timeout(10):
            while not changed:
                later = await office.page(token, since=before[-1]["NgayCapNhat"]["$date"], size=1_000)
                changed = [
                    record for record in later["HoSo"] if record["PhienBan"] > versions.get(record["MaHoSo"], 99)
                ]

    assert changed
