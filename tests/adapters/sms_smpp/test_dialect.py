"""Texts in the alphabet of one SMSC: how they are cut, written, and read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.dialect import Dialect
from adapters.channels.sms_smpp.septets import fill, packed, unpacked
from bot.model.sms import encode_part, nfc, segment
from tests.adapters.sms_smpp.support import centre, free_port, item, number, opened, settings_for

PLAIN = "Kinh gui ong/ba: ho so [H56] {1} da co ket qua~ " * 8
ACCENTED = "Hồ sơ của ông/bà đã có kết quả 🏡, mời đến nhận. " * 8
GSM = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !¤abcXYZ0189€[]{}\\^~|"


def dialect(**changes: Any) -> Dialect:
    return Dialect(settings_for(2775, **changes))


def again(ours: Dialect, text: str, *, header: int) -> str:
    """The text as it is read by the same SMSC that it was written for."""
    cut = ours.cut(text)
    under = header if len(cut.parts) > 1 else 0
    parts = [
        ours.canonical(cut.coding, ours.octets(part, accented=cut.accented, header=under), header=under)
        for part in cut.parts
    ]
    return decoded(parts[0][0], b"".join(octets for _, octets in parts))


def test_packed_octets_are_those_of_the_specification() -> None:
    # 3GPP TS 23.038, 6.1.2.1: the first septet fills the lower bits of the first octet.
    assert packed(b"hellohello").hex() == "e8329bfd4697d9ec37"
    assert packed(b"A", fill=1).hex() == "82"
    assert (fill(6), fill(7), fill(0)) == (1, 0, 0)


@given(st.text(alphabet=GSM, max_size=160), st.sampled_from([0, 6, 7]))
def test_what_is_packed_comes_out_again(text: str, header: int) -> None:
    septets = encode_part(text, "GSM-7")
    out = unpacked(packed(septets, fill=fill(header)), fill=fill(header))

    # Seven zero bits at the end are either filling or "@": SMPP does not say how many septets there are.
    assert out == septets or out + b"\0" == septets


@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed", "latin-1", "ascii"])
@pytest.mark.parametrize("reference", [8, 16])
@given(
    text=st.one_of(st.text(alphabet=GSM + "[]€", min_size=1), st.text(min_size=1), st.just(PLAIN), st.just(ACCENTED))
)
def test_every_text_is_read_as_it_was_written_and_fits_its_parts(alphabet: str, reference: int, text: str) -> None:
    ours, header = dialect(alphabet=alphabet, udh_reference=reference), 6 if reference == 8 else 7
    text = f"{text}."
    cut = ours.cut(text)
    long = len(cut.parts) > 1

    assert again(ours, text, header=header) == nfc(text)
    for part in cut.parts:
        octets = ours.octets(part, accented=cut.accented, header=header if long else 0)
        unpacked_gsm = alphabet == "gsm7" and not cut.accented
        room = (140 - header if long else 140) * (8 if unpacked_gsm else 1) // (7 if unpacked_gsm else 1)
        assert len(octets) <= room
        assert not octets.endswith(b"\x1b"), "an escape sequence is not split"


@pytest.mark.parametrize(
    ("changes", "text", "parts"),
    [
        ({}, "a" * 160, 1),
        ({}, "a" * 161, 2),
        ({}, "a" * 306, 2),
        ({"udh_reference": 16}, "a" * 305, 3),
        ({"udh_reference": 16}, "đ" * 70, 1),
        ({"udh_reference": 16}, "đ" * 133, 3),
        ({"udh_reference": 16, "long_messages": "sar"}, "a" * 306, 2),
        ({"alphabet": "gsm7-packed"}, "a" * 160, 1),
        ({"alphabet": "gsm7-packed"}, "[" * 153, 3),
        ({"alphabet": "latin-1"}, "a" * 140, 1),
        ({"alphabet": "latin-1"}, "a" * 141, 2),
        ({"alphabet": "latin-1"}, "ê" * 268, 2),
        ({"alphabet": "latin-1"}, "[" * 269, 3),
        ({"alphabet": "latin-1"}, "€" * 71, 2),
        ({"alphabet": "ascii"}, "a" * 135, 1),
        ({"alphabet": "ascii"}, "é" * 71, 2),
        ({"alphabet": "ascii", "udh_reference": 16}, "é" * 133, 3),
    ],
)
def test_parts_are_counted_by_the_alphabet(changes: dict[str, Any], text: str, parts: int) -> None:
    assert len(dialect(**changes).cut(text).parts) == parts


@pytest.mark.parametrize("reference", [8, 16])
def test_neither_an_escape_nor_a_surrogate_pair_is_split(reference: int) -> None:
    ours = dialect(udh_reference=reference)

    for shift in range(3):
        for part in ours.cut("a" * shift + "€" * 200).parts:
            assert ours.octets(part, accented=False).count(b"\x1b") == part.count("€")
        for part in ours.cut("ư" * shift + "🏡" * 100).parts:
            assert ours.octets(part, accented=True).decode("utf-16-be") == part


def test_the_common_dialect_counts_as_the_rest_of_the_service() -> None:
    for text in (PLAIN, ACCENTED, "a", ""):
        assert dialect().cut(text).parts == segment(text).parts


@pytest.mark.parametrize(
    ("changes", "text", "coding"),
    [
        ({}, "Ho so", 0),
        ({}, "Hồ sơ", 8),
        ({"ucs2_data_coding": 24}, "Hồ sơ", 24),
        ({"gsm_data_coding": 1}, "Ho so", 1),
        ({"alphabet": "gsm7-packed"}, "Ho so", 0),
        ({"alphabet": "latin-1"}, "Ho so", 3),
        ({"alphabet": "latin-1", "latin_data_coding": 0}, "Hô", 0),
        ({"alphabet": "ascii", "gsm_data_coding": 1}, "Ho so", 1),
    ],
)
def test_the_data_coding_is_the_configured_one(changes: dict[str, Any], text: str, coding: int) -> None:
    assert dialect(**changes).cut(text).coding == coding


@pytest.mark.parametrize(
    ("changes", "coding", "octets", "text"),
    [
        ({}, 0, b"\x00\x1b\x65", "@€"),
        ({"alphabet": "latin-1"}, 0, b"\xea@", "ê@"),
        ({"alphabet": "latin-1"}, 3, b"\xea", "ê"),
        ({"alphabet": "ascii"}, 0, b"[a]@", "[a]@"),
        ({"alphabet": "gsm7-packed"}, 0, bytes.fromhex("e8329bfd4697d9ec37"), "hellohello"),
        ({"alphabet": "gsm7-packed"}, 0x10, bytes.fromhex("e8329bfd4697d9ec37"), "hellohello"),
        ({"ucs2_data_coding": 25}, 25, b"\x1e\xd3", "ồ"),
        ({}, 24, b"\x1e\xd3", "ồ"),
        ({}, 0xE3, b"\x1e\xd3", "ồ"),
        ({"gsm_data_coding": 241}, 241, b"\x00", "@"),
        ({}, 1, b"abc", "abc"),
    ],
)
def test_what_citizens_write_is_read_with_the_same_settings(
    changes: dict[str, Any], coding: int, octets: bytes, text: str
) -> None:
    assert decoded(*dialect(**changes).canonical(coding, octets)) == text


def test_two_alphabets_under_one_number_are_refused() -> None:
    with pytest.raises(ValueError, match="must differ"):
        settings_for(free_port(), ucs2_data_coding=3, alphabet="latin-1")


@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed", "latin-1", "ascii"])
@pytest.mark.parametrize("text", [PLAIN, PLAIN[:93], ACCENTED])
async def test_the_centre_shows_what_was_sent_and_we_hear_what_was_written(alphabet: str, text: str) -> None:
    async with centre(alphabet=alphabet) as smsc, opened(settings_for(smsc.port, alphabet=alphabet)) as channel:
        citizen = number()

        await channel.send(item(text, to=citizen))
        await smsc.write(citizen, text, wait=True)

        assert (await smsc.texts(citizen))[0]["text"] == nfc(text)
        assert [message.text for message in channel.events.messages] == [nfc(text)]
