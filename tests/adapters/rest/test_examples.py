"""The examples under docs/examples/sources load, and understand what such software answers."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.sources.rest import Settings
from adapters.sources.rest import open as open_source
from bot.model.dossier import Status
from bot.ports import Batch
from tests.adapters.rest.support import Api, Naps, payload, read
from tests.support.making import Time

EXAMPLES = sorted(
    path
    for path in Path("docs/examples/sources").glob("*.toml")
    if any(table["kind"] == "rest" for table in tomllib.loads(path.read_text(encoding="utf-8"))["sources"].values())
)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_ONESTOP_PASSWORD", "mat-khau")
    monkeypatch.setenv("MOTCUA_ONESTOP_KEY", "khoa-bi-mat")


def example(name: str, **changes: Any) -> Settings:
    raw = tomllib.loads(Path(f"docs/examples/sources/{name}.toml").read_text(encoding="utf-8"))
    (table,) = raw["sources"].values()
    assert table.pop("kind") == "rest"
    return Settings.model_validate(table | changes)


async def two_rounds(name: str, software: Api) -> list[list[Batch]]:
    """What the example makes of the software's answers, in two rounds a minute apart."""
    clock = Time()
    async with open_source("office", example(name, base_url=software.url), clock=clock, sleep=Naps()) as source:
        first = await read(source)
        clock.pass_(minutes=1)
        return [first, await read(source, first[-1].cursor)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_of_this_kind_loads_and_is_tried_below(path: Path) -> None:
    example(path.stem)

    assert f"test_{path.stem.replace('-', '_')}" in globals()


async def test_dvcqg_adaptor(software: Api) -> None:
    software.on("/RestService/auth", payload("dvcqg-login.json"))
    software.on("/RestService/mapi", *[payload("dvcqg-page1.json"), payload("dvcqg-page2.json")] * 2)

    rounds = await two_rounds("dvcqg-adaptor", software)

    one, two = (dossier for batch in rounds[0] for dossier in batch.dossiers)
    assert (one.code, one.status, one.phone) == ("H56.14-240823-0001", Status.PROCESSING, "+84912000001")
    assert (one.appointment_at, one.place) == (at("2024-08-30T17:00:00+07:00"), "Quầy số 3")
    assert one.reason == ""  # GhiChu is between offices
    assert (two.status, two.supplement) == (Status.SUPPLEMENT, "Bản sao giấy khai sinh")
    assert two.appointment_at == at("2024-09-04T17:00:00+07:00")
    assert [batch.quarantined for batch in rounds[0]] == [(), ()]
    asked = software.asked_for("/RestService/mapi")
    session = payload("dvcqg-login.json")["session"]
    body = {"session": session, "madonvi": "000.00.14.H56", "service": "DanhSachHoSoMC", "soluong": "500"}
    assert asked[0].json == body | {"trang": "1"}
    assert asked[2].json == body | {"trang": "1", "tungay": "20240827135000"}
    assert {each.headers["dstcode"] for each in software.asked} == {"VN:GOV:000.00.00.G22:vpcpdvcprovider"}
    assert len(software.asked_for("/RestService/auth")) == 1


async def test_danang(software: Api) -> None:
    software.on("/getToken", payload("danang-token.json"))
    software.on("/tra-cuu", 500, 500, 500, payload("danang-page1.json"))

    rounds = await two_rounds("danang", software)

    one, two = (dossier for batch in rounds[0] for dossier in batch.dossiers)
    assert (one.applicant, one.status, one.status_text) == ("Trần Mẫu Ba", Status.PROCESSING, "Đang giải quyết")
    assert one.received_at == at("2026-11-02T01:20:00+00:00")
    assert (two.applicant, two.status) == ("Nguyễn Mẫu Bốn", Status.DONE)
    assert two.appointment_at == at("2026-11-06T10:00:00+00:00")
    assert two.finished_at == at("2026-11-05T03:00:00+00:00")
    (bad,) = rounds[0][0].quarantined
    assert (bad.place, bad.row, bad.column) == ("GET /tra-cuu?page=1", 3, "HanGiaiQuyet")
    asked = software.asked_for("/tra-cuu")
    assert asked[0].query == {"trang": "1", "so_luong": "200"}
    assert asked[-1].query == {"trang": "1", "so_luong": "200", "tu_ngay": "2026-11-09T08:45:00"}
    assert {each.headers["Authorization"] for each in asked} == {f"Bearer {payload('danang-token.json')['token']}"}


async def test_hagiang(software: Api) -> None:
    software.on("/DanhSachHoSoMC", payload("hagiang-list.json"))

    rounds = await two_rounds("hagiang", software)

    one, three = rounds[0][0].dossiers
    assert (one.status, one.appointment_at, one.agency_name) == (Status.RECEIVED, None, "Sở Nội vụ")
    assert (three.status, three.phone) == (Status.RETURNED, "+84963000008")
    assert three.appointment_at == at("2026-11-25T17:00:00+07:00")
    (bad,) = rounds[0][0].quarantined
    assert (bad.row, bad.column) == (2, "MaHoSo")
    window = {"MaDinhDanhDV": "000.00.01.H22", "TuNgay": "08/10/2026", "DenNgay": "23/11/2026"}
    assert [each.query for each in software.asked] == [window, window]
    assert rounds[1][0].as_of == Time().now + timedelta(minutes=1)
    assert "Basic" in software.asked[0].headers["Authorization"]


async def test_tandan(software: Api) -> None:
    async def look_up(request: web.Request) -> web.StreamResponse:
        return web.json_response(payload(f"tandan-{request.path.rpartition('/')[2]}.json"))

    software.on("/hosos/GetHoSoPublic", payload("tandan-page1.json"))
    for number in (3, 4):
        software.on(f"/hosos/GetByMa/H56.14-261101-000{number}", look_up)

    rounds = await two_rounds("tandan", software)

    authorised, owner = rounds[0][0].dossiers
    assert (authorised.phone, owner.phone) == ("+84987000009", "+84912000010")
    assert (authorised.status, authorised.supplement) == (Status.SUPPLEMENT, "Bổ sung bản chính để đối chiếu")
    assert authorised.applicant == "Đỗ Mẫu Chín"
    assert owner.status is Status.RECEIVED
    lists = software.asked_for("/hosos/GetHoSoPublic")
    assert lists[0].json == {"PageNumber": 1, "PageSize": 100}
    assert lists[1].json == {"TuNgay": "2026-11-03T08:55:00", "PageNumber": 1, "PageSize": 100}
    assert {each.headers["SecretKey"] for each in software.asked} == {"khoa-bi-mat"}
