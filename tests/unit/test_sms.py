"""SMS texts: encodings, parts and accents, on examples and on whatever Unicode has."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.model import sms

LOWER = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
ACCENTED = [letter for letter in LOWER + LOWER.upper() if not letter.isascii()]
GSM_EXTENSION = "\f^{}\\[~]|€"
LIMITS = {"GSM-7": (160, 153), "UCS-2": (140, 134)}

any_text = st.text(st.characters(), max_size=400)
gsm_text = st.text(st.sampled_from("abc XYZ09.-é@\n" + GSM_EXTENSION), max_size=700)
astral_text = st.text(st.sampled_from("đ😀👍🏽e\u0301\u0302\u200d"), max_size=300)
vietnamese = st.text(st.sampled_from(LOWER + LOWER.upper() + " .,0123456789“”‘’–—…\u00a0\u200b•₫"), max_size=200)


def octets(part: str, encoding: sms.Encoding) -> int:
    return len(sms.encode_part(part, encoding))


def test_vietnamese_has_the_134_accented_letters_that_are_tested_here() -> None:
    assert len(set(ACCENTED)) == 134


@pytest.mark.parametrize(
    ("text", "encoding", "units", "lengths"),
    [
        ("", "GSM-7", 0, [0]),
        ("a" * 160, "GSM-7", 160, [160]),
        ("a" * 161, "GSM-7", 161, [153, 8]),
        ("a" * 307, "GSM-7", 307, [153, 153, 1]),
        ("€" * 80, "GSM-7", 160, [80]),
        ("€" * 81, "GSM-7", 162, [76, 5]),
        ("a" * 152 + "[" + "a" * 10, "GSM-7", 164, [152, 11]),
        ("đ" * 70, "UCS-2", 70, [70]),
        ("đ" * 71, "UCS-2", 71, [67, 4]),
        ("😀" * 35, "UCS-2", 70, [35]),
        ("😀" * 36, "UCS-2", 72, [33, 3]),
        ("à" * 160, "GSM-7", 160, [160]),
        ("e\u0302\u0323" * 71, "UCS-2", 71, [67, 4]),
    ],
)
def test_a_text_is_divided_where_the_standard_says(text: str, encoding: str, units: int, lengths: list[int]) -> None:
    segmented = sms.segment(text)

    assert (segmented.encoding, segmented.units) == (encoding, units)
    assert [len(part) for part in segmented.parts] == lengths


def test_the_reference_text_is_one_part_without_accents_and_two_with_them() -> None:
    accented = "Hồ sơ 000.17.22.H56-210531-0001 đã được tiếp nhận. Ngày hẹn trả: 16:30 31/12/2026"

    plain = sms.segment(sms.unaccented(accented))

    assert plain.text == "Ho so 000.17.22.H56-210531-0001 da duoc tiep nhan. Ngay hen tra: 16:30 31/12/2026"
    assert (plain.encoding, plain.units, len(plain.parts)) == ("GSM-7", 81, 1)
    assert len(sms.segment(accented).parts) == 2


def test_a_letter_with_marks_and_a_joined_emoji_stay_in_one_part() -> None:
    marked = "x\u0330\u0331"
    family = "👨\u200d👩\u200d👧"

    assert sms.segment("đ" * 66 + marked + "đ" * 9).parts == ("đ" * 66, marked + "đ" * 9)
    assert sms.segment("đ" * 62 + family + "đ" * 9).parts == ("đ" * 62, family + "đ" * 9)


def test_marks_without_end_are_divided_all_the_same() -> None:
    text = "đ" + "\u0330" * 200

    parts = sms.segment(text).parts

    assert "".join(parts) == text
    assert [len(part) for part in parts] == [67, 67, 67]


@settings(deadline=None)
@given(any_text | gsm_text | astral_text)
@example("\ud83d")
@example("a" * 160 + "\udc00")
def test_parts_join_to_the_composed_text_and_fit(text: str) -> None:
    segmented = sms.segment(text)

    assert "".join(segmented.parts) == segmented.text == sms.nfc(text)
    alone, each = LIMITS[segmented.encoding]
    limit = alone if len(segmented.parts) == 1 else each
    assert all(octets(part, segmented.encoding) <= limit for part in segmented.parts)
    width = 1 if segmented.encoding == "GSM-7" else 2
    assert sum(octets(part, segmented.encoding) for part in segmented.parts) == segmented.units * width
    assert octets(segmented.text, segmented.encoding) > alone or len(segmented.parts) == 1


@settings(deadline=None)
@given(any_text | gsm_text | astral_text)
def test_what_is_encoded_can_be_read_again(text: str) -> None:
    segmented = sms.segment(text)

    for part in segmented.parts:
        assert sms.decode_part(sms.encode_part(part, segmented.encoding), segmented.encoding) == part


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["GSM-7", "UCS-2"]))
def test_whatever_octets_come_in_can_be_read(content: bytes, encoding: sms.Encoding) -> None:
    text = sms.decode_part(content, encoding)

    assert text.encode().decode() == text
    assert len(text) <= len(content)


def test_octets_without_a_meaning_become_replacement_characters() -> None:
    assert sms.decode_part(b"a\x80\xffb", "GSM-7") == "a\ufffd\ufffdb"
    assert sms.decode_part(b"\x1bea\x1bA\x1b", "GSM-7") == "€a\ufffdA\ufffd"
    assert sms.decode_part(b"\x1b\x1be", "GSM-7") == "\ufffd€"
    assert sms.decode_part("đ".encode("utf-16-be") + b"\x01", "UCS-2") == "đ"
    assert sms.decode_part(b"\xd8\x3d\x00a", "UCS-2") == "\ufffda"


def test_gsm_7_is_the_table_of_the_standard() -> None:
    assert sms.encode_part("@£$¥èéùìòÇ\nØø\rÅå", "GSM-7") == bytes(range(16))
    assert sms.encode_part("ΔΦΓΛΩΠΨΣΘΞ", "GSM-7") == bytes([0x10, *range(0x12, 0x1B)])
    assert sms.encode_part("ÆæßÉ !¤/09:?¡AZÄÖÑÜ§¿azäöñüà", "GSM-7").hex() == (
        "1c1d1e1f2021242f30393a3f40415a5b5c5d5e5f60617a7b7c7d7e7f"
    )
    assert sms.encode_part("^{}\\[~]|€\f", "GSM-7").hex() == "1b141b281b291b2f1b3c1b3d1b3e1b401b651b0a"


def test_only_a_few_vietnamese_letters_are_in_gsm_7() -> None:
    assert {letter for letter in ACCENTED if sms.encoding_of(letter) == "GSM-7"} == set("àèéìòùÉ")


def test_gsm_7_refuses_what_it_cannot_say() -> None:
    with pytest.raises(ValueError, match="GSM-7"):
        sms.encode_part("đ", "GSM-7")


def test_lone_surrogates_are_replaced_and_pairs_are_kept() -> None:
    assert sms.nfc("a\ud83db\udc00") == "a\ufffdb\ufffd"
    assert sms.nfc("\ud83d\ude00") == "😀"
    assert sms.encode_part("\ud83d", "UCS-2") == b"\xff\xfd"
    assert sms.unaccented("\ud83d") == "?"


@pytest.mark.parametrize("letter", ACCENTED)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_vietnamese_letter_sheds_its_accents(letter: str, form: Literal["NFC", "NFD"]) -> None:
    plain = sms.unaccented(unicodedata.normalize(form, letter))

    base = unicodedata.normalize("NFD", letter.replace("đ", "d").replace("Đ", "D"))[0]
    assert plain == base
    assert plain.isascii()
    assert plain.isalpha()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Hồ sơ” của ‘bà’ – đã… xong", "\"Ho so\" cua 'ba' - da... xong"),
        ("Lệ phí: 50.000₫", "Le phi: 50.000d"),
        ("a\u00a0b\u2003c\u202fd\u3000e\tf", "a b c d e f"),
        ("• một\n· hai", "- mot\n- hai"),
        ("ti\u200bếp\ufeff nh\u00adận\u200d", "tiep nhan"),
        ("dòng\u2028mới", "dong\nmoi"),
        ("Ðỗ Ðức", "Do Duc"),
        ("số №1, ½ ngày, x² ≥ 4, a≠b", "so No1, 1/2 ngay, x2 >= 4, a!=b"),
        ("`mã´ 10°C → xong", "'ma' 10oC -> xong"),
        ("中文 и 한 😀👍🏽", "?? ? ? ???"),
        ("cà é Ñ ü Å", "ca e N u A"),
        ("a≮b", "a?b"),
        ("[€]", "[€]"),
    ],
)
def test_typography_becomes_what_a_keyboard_has(text: str, plain: str) -> None:
    assert sms.unaccented(text) == plain
    assert sms.unaccented(unicodedata.normalize("NFD", text)) == plain


@settings(deadline=None)
@given(vietnamese)
def test_vietnamese_without_accents_is_complete_and_gsm_7(text: str) -> None:
    plain = sms.unaccented(text)

    assert sms.encoding_of(plain) == "GSM-7"
    assert "?" not in plain
    assert plain == sms.unaccented(unicodedata.normalize("NFD", text))


@settings(deadline=None)
@given(any_text)
def test_unaccented_text_is_gsm_7_and_stays_as_it_is(text: str) -> None:
    plain = sms.unaccented(text)

    assert sms.encoding_of(plain) == "GSM-7"
    assert sms.unaccented(plain) == plain


def test_the_cost_is_parts_times_price() -> None:
    assert sms.cost(3, 350) == 1050


@settings(deadline=None)
@given(st.text(alphabet=[chr(n) for n in range(128) if sms.encoding_of(chr(n)) == "GSM-7"], max_size=700))
def test_plain_text_is_cut_and_encoded_as_any_other(text: str) -> None:
    """Plain ASCII takes a short cut; with one letter before it that does not, it must come out the same."""
    whole, plain = sms.segment("ñ" + text), sms.segment(text)

    assert whole.encoding == plain.encoding
    assert whole.units == plain.units + 1
    assert b"".join(sms.encode_part(part, "GSM-7") for part in whole.parts)[1:] == b"".join(
        sms.encode_part(part, "GSM-7") for part in plain.parts
    )
