"""Sealing of single values, and the ring of keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import StorageError
from storage.edge import MARK, clean
from storage.sealing import forms, ring
from storage.sealing.columns import TABLES
from storage.sealing.forms import sealed_value
from storage.sealing.ring import new_ring, parse
from storage.sealing.seal import Seal, key_of

RING = new_ring("2026-11-23")
SEAL = Seal(lambda: RING.text)
PHONE = "+84912345678"


@given(st.text(min_size=1))
def test_any_text_comes_back_as_the_storage_keeps_it(text: str) -> None:
    assert SEAL.open_free("text", SEAL.free("text", clean(text))) == clean(text)
    assert SEAL.open_token(SEAL.token(clean(text))) == clean(text)


def test_the_same_value_has_one_token_and_never_twice_the_same_seal() -> None:
    assert SEAL.token(PHONE) == SEAL.token(PHONE)
    assert SEAL.free("text", "Lan") != SEAL.free("text", "Lan")


def test_a_value_opens_as_nothing_but_what_it_is() -> None:
    name = SEAL.free("applicant", "Nguyễn Thị Lan")

    with pytest.raises(StorageError, match="cannot be opened"):
        SEAL.open_free("text", name)


@pytest.mark.parametrize("place", [3, -5])
def test_a_value_that_was_changed_does_not_open(place: int) -> None:
    token = SEAL.token(PHONE)
    spoilt = list(token)
    spoilt[place] = "A" if spoilt[place] != "A" else "B"

    with pytest.raises(StorageError, match="cannot be opened"):
        SEAL.open_token("".join(spoilt))


def test_another_ring_opens_nothing() -> None:
    other = Seal(lambda: new_ring("2026-11-23").text)

    with pytest.raises(StorageError, match="cannot be opened"):
        other.open_token(SEAL.token(PHONE))
    with pytest.raises(StorageError, match="cannot be opened"):
        other.open_free("text", SEAL.free("text", "Lan"))


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        (forms.address, f"sms:{PHONE}", "sms:@"),
        (forms.address, "telegram:5100200300", "telegram:@"),
        (forms.address, "sms:", "sms:"),
        (forms.address, "erased:01TEST", "erased:01TEST"),
        (forms.address, "sms:~01TEST", "sms:~01TEST"),
        (forms.key, f"onestop|H56.14-1|2|sms:{PHONE}", "onestop|H56.14-1|2|sms:@"),
        (forms.key, f"broadcast:PT-1:sms:{PHONE}", "broadcast:PT-1:sms:@"),
        (forms.key, f"apology:XL-1|follower|zalo:88{PHONE[1:]}", "apology:XL-1|follower|zalo:@"),
        (forms.key, "change:onestop:H56.14-1:2", "change:onestop:H56.14-1:2"),
        (forms.key, "inbound:telegram:moved:123:-100456|0", "inbound:telegram:@|0"),
        (forms.key, "inbound:sms:06d06e7347080cf3-2992364-0", "inbound:sms:@"),
        (forms.subject, PHONE, "@"),
        (forms.subject, f"sms:{PHONE}", "sms:@"),
        (forms.subject, "203.0.113.0/24", "203.0.113.0/24"),
        (forms.subject, "H56.14-260302-1001", "H56.14-260302-1001"),
    ],
)
def test_only_what_names_somebody_is_sealed_in_what_is_looked_up(form: forms.Form, value: str, shown: str) -> None:
    sealed = form(SEAL, value)

    assert "".join(part if number % 2 == 0 else "@" for number, part in enumerate(_parts(sealed))) == shown
    assert SEAL.open_within(sealed) == value


def _parts(sealed: str) -> list[str]:
    """Plain text and tokens by turns."""
    return re.split(f"({MARK}[pk][A-Za-z0-9+/]+)", sealed)


def test_a_phone_has_one_token_in_every_column() -> None:
    token = forms.phone(SEAL, PHONE)

    assert forms.address(SEAL, f"sms:{PHONE}") == f"sms:{token}"
    assert forms.key(SEAL, f"broadcast:PT-1:sms:{PHONE}") == f"broadcast:PT-1:sms:{token}"


def test_fingerprints_keep_their_length_and_need_the_key() -> None:
    prints = ["0a" * 12, "", "no print", "f1" * 12]

    sealed = SEAL.prints(prints)

    assert [len(each) for each in sealed] == [24, 0, 8, 24]
    assert not set(sealed[::3]) & set(prints)
    assert [SEAL.open_print(each) for each in sealed] == prints
    assert Seal(lambda: new_ring("x").text).prints(prints) != sealed


def test_attachments_tell_whether_a_way_is_left_and_barred() -> None:
    for text in (
        '{"ways":[["sms","sms:+84912345678","Lan",1,""]]}',
        '{"values":{"a":"b"}}',
        '{"ways_barred":[["sms"]]}',
    ):
        sealed = sealed_value(forms.attached, "attached", SEAL, text)
        assert [word in sealed for word in ('"ways":', '"ways_barred":')] == [
            word in text for word in ('"ways":', '"ways_barred":')
        ]
        assert forms.open_attached(SEAL, sealed) == text


def test_statements_may_bar_a_way_behind_the_seal() -> None:
    text = '{"ways":[["sms","sms:+84912345678","Lan",1,""]]}'

    barred = forms.attached(SEAL, text).replace('"ways":', '"ways_barred":')

    assert forms.open_attached(SEAL, barred) == text.replace('"ways":', '"ways_barred":')


def test_nothing_stays_nothing() -> None:
    assert [sealed_value(form, "text", SEAL, value) for form in (forms.phone, forms.key) for value in ("", None)] == [
        "", None, "", None,
    ]  # fmt: skip


def test_the_ring_is_read_as_it_is_written() -> None:
    grown = RING.with_data("2026-12-01").with_look_up("2026-12-01").with_data("2026-12-01", spare=True)

    again = parse(grown.text)
    newest, first, spare = again.data

    assert (first, list(again.look_ups)[1]) == ("2026-11-23", "2026-11-23")
    assert all(each.startswith("2026-12-01-") for each in (newest, spare, again.look_up))
    assert again == grown
    assert again.using("2026-11-23").newest == "2026-11-23"
    assert list(again.without("data", "2026-11-23").data) == [newest, spare]
    with pytest.raises(StorageError, match="in use"):
        again.without("data", newest)


def test_no_key_has_the_name_of_one_that_was_dropped() -> None:
    # Backups of before need the old one, beside those of today.
    once = RING.with_data("2026-11-23").with_look_up("2026-11-23")
    dropped = once.without("data", "2026-11-23").without("look-up", "2026-11-23")

    again = dropped.with_data("2026-11-23").with_look_up("2026-11-23")
    together = "\n".join((again.text, RING.text))

    assert len({*again.data, *RING.data}) == 3
    assert len(parse(together).look_ups) == 3


@pytest.mark.parametrize(
    "text",
    ["", "look-up a = QUJD", "data a = !!!", RING.text + RING.text, "hello", RING.text.replace("data", "date"), "\0"],
)
def test_what_is_no_ring_is_refused_by_its_line_and_never_quoted(text: str) -> None:
    with pytest.raises(StorageError) as refused:
        parse(text)

    keys = [line.rpartition(" ")[2] for line in RING.text.splitlines() if "=" in line]
    assert not [key for key in (*keys, "QUJD", "!!!") if key in str(refused.value)]


def test_a_ring_never_prints_a_key() -> None:
    assert repr(RING) == "Ring()"


def test_a_key_that_was_added_meanwhile_is_found() -> None:
    held = {"ring": RING}
    grown = RING.with_data("2026-12-01")
    here, there = Seal(lambda: held["ring"].text), Seal(lambda: grown.text)
    held["ring"] = there.ring

    assert here.open_free("text", there.free("text", "Lan")) == "Lan"
    assert key_of(here.free("text", "Lan")) == grown.newest


def test_a_key_that_nobody_has_is_named() -> None:
    there = Seal(lambda: RING.with_data("2026-12-01").text)

    with pytest.raises(StorageError, match="2026-12-01"):
        SEAL.open_free("text", there.free("text", "Lan"))


def test_every_table_is_walked_in_an_order_of_its_own() -> None:
    assert {name for name, table in TABLES.items() if not table.key or not table.columns} == set()
    assert ring.LOOK_UP != ring.DATA
