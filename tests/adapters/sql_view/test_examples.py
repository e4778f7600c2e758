"""The examples for operators load, and their columns are understood."""

import tomllib
from pathlib import Path

import pytest

from adapters.sources.sql_view import Settings
from adapters.sources.sql_view.layout import Column, layout_of

FOLDER = Path(__file__).parents[3] / "docs" / "examples" / "sources"
COLUMNS = {
    "postgresql": ("ma_ho_so", "trang_thai_ho_so", "chu_ho_so", "so_dien_thoai", "ngay_hen_tra", "ngay_cap_nhat"),
    "mysql": ("ma_ho_so", "trang_thai", "ho_ten", "dien_thoai", "updated_at"),
    "mssql": ("HoSoId", "MaHoSo", "TrangThaiHoSo", "RowVer"),
    "oracle": ("MA_HO_SO", "TRANG_THAI_HO_SO", "CHU_HO_SO", "SO_DIEN_THOAI", "NGAY_HEN_TRA", "NGAY_CAP_NHAT"),
}


def test_there_is_an_example_for_each_database() -> None:
    assert {path.stem for path in FOLDER.glob("sql_view-*.toml")} == {f"sql_view-{kind}" for kind in COLUMNS}


@pytest.mark.parametrize(
    ("kind", "code", "changed"),
    [
        ("postgresql", "ma_ho_so", "ngay_cap_nhat"),
        ("mysql", "ma_ho_so", "updated_at"),
        ("mssql", "HoSoId", "RowVer"),
        ("oracle", "MA_HO_SO", "NGAY_CAP_NHAT"),
    ],
)
def test_an_example_loads_and_finds_its_columns(
    kind: str, code: str, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTCUA_VIEW_PASSWORD", "x")
    table = tomllib.loads((FOLDER / f"sql_view-{kind}.toml").read_text(encoding="utf-8"))["sources"]["motcua"]
    assert table.pop("kind") == "sql_view"

    settings = Settings.model_validate(table)
    layout = layout_of([Column(name, "") for name in COLUMNS[kind]], settings)

    assert settings.kind.name == kind
    assert (layout.code, layout.changed) == (code, changed)
    assert set(layout.names) == set(COLUMNS[kind])
