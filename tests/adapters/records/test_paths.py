"""Where a field stands: paths that operators write, and national names."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.records.paths import first_of, path
from tests.adapters.records.support import JSON

PATHS = [
    "a.b", "a[0].b", "a[-1]", "a[].b | [0]", "a || b", "sum(a)", "sort_by(a, &b)[0]", "to_number(a)", "ceil(a)",
    "max_by(a, &b).a", "join(', ', a)", "a[?b > `3`]", "length(a)", "keys(a)", "a.*.b", "to_string(a)",
]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("chuHoSo.hoTen", "Ánh"),
        ("giayTo[0].ten", "Đơn"),
        ("giayTo[?loai == 'kq'].ten | [0]", "Kết quả"),
        ("hoTen || chuHoSo.hoTen", "Ánh"),
        ("join(' - ', giayTo[].ten)", "Đơn - Kết quả"),
        ("khong.co", None),
    ],
)
def test_a_path_finds_what_it_names(expression: str, found: object) -> None:
    record = {
        "chuHoSo": {"hoTen": "Ánh"},
        "giayTo": [{"ten": "Đơn", "loai": "vao"}, {"ten": "Kết quả", "loai": "kq"}],
    }

    assert path(expression)(record) == found


@pytest.mark.parametrize("expression", ["a.", "a[", "nosuch(a)x", "'", ""])
def test_a_path_that_cannot_be_read_is_refused_when_it_is_written(expression: str) -> None:
    with pytest.raises(ValueError, match="JMESPath"):
        path(expression)


@given(st.sampled_from(PATHS), JSON, JSON)
def test_a_path_that_does_not_fit_raises_nothing_but_a_value_error(expression: str, one: Any, other: Any) -> None:
    with suppress(ValueError):
        path(expression)({"a": one, "b": other})


def test_the_first_name_that_holds_something_counts() -> None:
    find = first_of(("MaHoSo", "SoHoSo", "id"))

    assert find({"SoHoSo": "2", "MaHoSo": "", "id": 3}) == "2"
    assert find({"MaHoSo": None, "id": 0}) == 0
    assert find({"khác": "x"}) is None
