"""`motcua sms`: what a text takes and costs with its accents and without, and which kinds of message may keep them."""

from pathlib import Path

import pytest

from bot.model.message import FOR_STAFF, Situation
from tests.support.desk import Desk, open_desk

TEXT = "Hồ sơ H56.14-240823-0001 của Ông/Bà đã có kết quả. Mời đến nhận tại bộ phận Một cửa."
PRICES = """
[texts]
accented_sms = ["apology"]
[channels.viettel]
kind = "sms_smpp"
password = "env:NOT_SET_HERE"
prices = { viettel = 250, default = 780 }
[channels.webchat]
kind = "webchat"
[channels.esms]
kind = "sms_http"
prices = { mobifone = 1_350 }
"""


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("MOTCUA_CONFIG", raising=False)
    opened = open_desk(tmp_path, capsys, monkeypatch)
    monkeypatch.setenv("COLUMNS", "80")
    return opened


def test_a_text_is_shown_both_ways_with_an_assumed_price_where_nothing_is_configured(desk: Desk) -> None:
    shown = desk.said("sms", TEXT)

    assert row(shown, "Bảng mã") == ["UCS-2", "GSM-7"]
    assert row(shown, "Ký tự") == [str(len(TEXT)), str(len(TEXT))]
    assert row(shown, "Số tin") == ["2", "1"]
    assert row(shown, "Giá / cost") == ["600 đ", "300 đ"]
    assert "Mời đến nhận tại bộ" in shown
    assert "Moi den nhan tai bo" in shown
    assert "Chưa khai giá: tạm tính 300 đ một tin" in shown


def test_a_given_price_is_taken_and_not_called_assumed(desk: Desk) -> None:
    desk.configure(PRICES)

    shown = desk.said("sms", TEXT, "--price", "1000")

    assert row(shown, "Giá / cost") == ["2,000 đ", "1,000 đ"]
    assert "Chưa khai giá" not in shown


def test_configured_prices_make_a_row_for_each_gateway_and_carrier_without_any_secret(desk: Desk) -> None:
    desk.configure(PRICES)

    shown = desk.said("sms", TEXT)
    told = desk.json("sms", TEXT)

    assert row(shown, "viettel", " viettel") == ["viettel", "250 đ", "500 đ", "250 đ"]
    assert row(shown, "viettel", " còn lại") == ["còn lại / others", "780 đ", "1,560 đ", "780 đ"]
    assert row(shown, "esms") == ["mobifone", "1,350 đ", "2,700 đ", "1,350 đ"]
    assert told["costs"][2] == {
        "gateway": "esms", "carrier": "mobifone", "price": 1350, "accented": 2700, "unaccented": 1350,
    }  # fmt: skip
    assert (told["accented"]["encoding"], told["unaccented"]["parts"]) == ("UCS-2", 1)


def test_without_a_text_every_kind_of_message_is_shown_the_longest_first(desk: Desk) -> None:
    desk.configure(PRICES)

    shown = desk.said("sms")
    told = desk.json("sms")

    never_pushed = {"reply", "answer", "code", "broadcast"}
    assert {kind["situation"] for kind in told} == {situation.value for situation in Situation} - never_pushed
    for to in ("citizens", "staff"):
        units = [kind["accented"]["units"] for kind in told if kind["to"] == to]
        assert units == sorted(units, reverse=True)
    assert [kind["situation"] for kind in told if kind["now"] == "accented"] == ["apology"]
    assert row(shown, "apology") == ["3 tin", "2 tin", "+250–1,350 đ", "có dấu"]
    assert row(shown, "xin lỗi, hẹn lại")[:2] == ["750–4,050 đ", "500–2,700 đ"]
    assert 'accented_sms = ["supplement"]' in shown


def test_what_goes_to_staff_stands_apart_and_never_has_accents(desk: Desk) -> None:
    desk.configure('[texts]\naccented_sms = ["overdue", "result"]')

    shown = desk.said("sms")
    told = desk.json("sms")

    assert {kind["situation"] for kind in told if kind["to"] == "staff"} == FOR_STAFF
    assert [kind["situation"] for kind in told if kind["now"] == "accented"] == ["result"]
    assert shown.index("Gửi công dân / to citizens") < shown.index("withdrawn") < shown.index("to staff")
    assert row(shown[shown.index("to staff") :], "overdue")[:2] == ["4 tin", "2 tin"]


def test_the_sample_texts_are_whole_and_say_the_same_both_ways(desk: Desk) -> None:
    for kind in desk.json("sms"):
        accented, plain = kind["accented"], kind["unaccented"]

        assert "..." not in accented["text"]
        assert plain["text"].isascii()
        assert len(plain["text"]) == len(accented["text"])
        assert [cost["accented"] for cost in kind["costs"]] == [accented["parts"] * 300]


def test_everything_fits_a_screen_of_80_columns(desk: Desk) -> None:
    desk.configure(PRICES)

    lines = desk.said("sms").splitlines() + desk.said("sms", TEXT).splitlines()

    assert max(map(len, lines)) <= 80


def test_wrong_prices_and_a_missing_file_are_named(desk: Desk) -> None:
    desk.configure("[channels.esms]\nkind = 'sms_http'\nprices = { vietel = 300 }")

    assert "[channels.esms]: [prices] no such carrier: vietel" in desk.refused("sms", TEXT)
    assert "other.toml: không có tệp này" in desk.refused("sms", TEXT, "-c", "other.toml")


def row(shown: str, *beginnings: str) -> list[str]:
    """The cells of the line that begins so, without the first."""
    for line in shown.splitlines():
        cells = line.strip("│ ").split("│")
        if all(cell.startswith(word) for cell, word in zip(cells, beginnings, strict=False)):
            return [cell.strip() for cell in cells[1:]]
    raise AssertionError(f"no line begins with {beginnings}")
