"""Whatever comes is answered, and every record of it is taken, or refused with a reason."""

import asyncio
import json
from dataclasses import astuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.adapters.push.support import GOOD, Call, code, software

STEP = {"MaHoSo": code(1), "TrangThai": "4", "ThoiDiemXuLy": "20261122093000", "NguoiXuLy": "B", "PhienBan": "3"}
ENDPOINTS = ["dossiers", "progress", "auth", "integration", "DongBoHoSoMC", "CapNhatTrangThai", "nowhere"]

floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | floats | st.text(max_size=30) | st.just("a\ud800\0")
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from([*GOOD, *STEP, "DanhSachHoSoBoSung", "QuaTrinhXuLy", "data", "dossiers", "service"])
records = st.dictionaries(names, values, max_size=4).map(lambda changes: GOOD | STEP | changes) | values
caller = software()


def sent(path: str, value: object) -> Call:
    caller.office.batches.clear()
    return asyncio.run(caller.send(path, value))


@pytest.mark.parametrize("path", ["dossiers", "progress"])
@examples(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listed=st.lists(records, min_size=1, max_size=5))
def test_every_record_has_its_result_and_each_refusal_its_reason(path: str, listed: list[object]) -> None:
    call = sent(path, listed)

    results = [each["result"] for each in call.json["results"]]
    refused = {row for row, result in enumerate(results, 1) if result == "refused"}
    told = [*caller.office.dossiers, *caller.office.reports]
    assert len(results) == len(listed)
    assert {error["row"] for error in call.json["errors"]} == refused
    assert len(told) == len(listed) - len(refused)
    for text in (text for each in told for text in astuple(each) if isinstance(text, str)):
        assert "\0" not in text
        text.encode()


@pytest.mark.parametrize("path", ENDPOINTS)
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_every_call_is_answered_in_json(path: str, body: bytes) -> None:
    call = sent(path, body)

    assert call.status in (200, 400, 404, 413, 422)
    assert call.json
