"""Several messages that waited for one person become one that leaves nothing out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.digest import MOST_CHARACTERS, Digests
from bot.model.message import Alternative, File, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Claimed
from bot.texts import Library
from tests.support.making import START, message, numbered_ids

CHAT = Address("telegram", "777")
PHONE = Address("sms", "+84912345678")
TEXTS = (
    "Hồ sơ H32.15-261122-0001 đã có kết quả. Mời Ông/Bà đến nhận.",
    "Hồ sơ H32.15-261122-0002 cần bổ sung: sơ đồ thửa đất.",
)
PLAIN = ("Ho so H32.15-261122-0001 da co ket qua.", "Ho so H32.15-261122-0002 can bo sung: so do thua dat.")


def digests(**changes: Any) -> Digests:
    return replace(Digests(Library(), numbered_ids(), at_least=2), **changes)


def by_chat(number: int, **changes: Any) -> Claimed:
    made = message(channel="telegram", address=CHAT, text=TEXTS[number % 2], agency="H32.15")
    return Claimed(replace(made, **changes), None)


def by_sms(number: int, **changes: Any) -> Claimed:
    return Claimed(replace(message(address=PHONE, text=PLAIN[number % 2]), **changes), None)


def test_two_messages_become_one_with_both_texts_in_it() -> None:
    held = [by_chat(0), by_chat(1)]

    digest, folded = digests().of(held, now=START)

    assert digest is not None
    assert all(text in digest.text for text in TEXTS)
    assert (digest.situation, digest.address, digest.channel, digest.lane) == (
        Situation.DIGEST,
        CHAT,
        "telegram",
        Lane.PUSH,
    )
    assert (digest.agency, digest.source, digest.code, digest.status) == ("H32.15", "", "", None)
    assert folded == [each.item for each in held]


def test_a_digest_is_an_event_of_its_own_so_that_the_books_balance() -> None:
    one, _ = digests().of([by_chat(0), by_chat(1)], now=START)

    assert one is not None
    assert one.origin == one.dedupe_key == f"digest:{one.id}"


def test_fewer_than_the_office_says_stay_apart() -> None:
    assert digests(at_least=3).of([by_chat(0), by_chat(1)], now=START) == (None, [])
    assert digests().of([by_chat(0)], now=START) == (None, [])
    assert digests().of([], now=START) == (None, [])


@pytest.mark.parametrize(
    "apart",
    [
        {"situation": Situation.APOLOGY},
        {"situation": Situation.SURVEY},
        {"files": (File("1", "phieu.pdf", "application/pdf"),)},
    ],
)
def test_what_carries_a_document_a_question_or_an_apology_leaves_alone(apart: dict[str, Any]) -> None:
    digest, folded = digests().of([by_chat(0), by_chat(1), by_chat(2, **apart)], now=START)

    assert digest is not None
    assert len(folded) == 2


def test_by_sms_both_texts_share_the_parts_that_they_need() -> None:
    digest, _ = digests().of([by_sms(0), by_sms(1)], now=START)

    assert digest is not None
    assert all(text in digest.text for text in PLAIN)
    assert digest.parts == 1


def test_texts_for_which_one_sms_has_no_room_stay_apart() -> None:
    long = [by_sms(0, text="Ho so " + "x" * 290) for _ in range(3)]

    assert digests().of(long, now=START) == (None, [])


def test_where_gateways_take_registered_texts_alone_nothing_is_folded() -> None:
    assert digests(sms=False).of([by_sms(0), by_sms(1)], now=START) == (None, [])


def test_a_chat_has_an_end_too() -> None:
    long = [by_chat(0, text="Hồ sơ " + "x" * MOST_CHARACTERS), by_chat(1)]

    assert digests().of(long, now=START) == (None, [])


def test_zalo_takes_free_text_only_while_its_user_was_heard_of_lately() -> None:
    def held(days: float) -> list[Claimed]:
        zalo = {"channel": "zalo", "address": Address("zalo", "1"), "heard_at": START - timedelta(days=days)}
        return [by_chat(number, **zalo) for number in (0, 1)]

    assert digests().of(held(5), now=START)[0] is not None
    assert digests().of(held(6), now=START) == (None, [])
    unheard = [by_chat(number, channel="zalo", address=Address("zalo", "1")) for number in (0, 1)]
    assert digests().of(unheard, now=START) == (None, [])


def test_a_way_that_all_have_is_kept_with_all_texts() -> None:
    held = [
        by_chat(number, alternatives=(Alternative("sms", PHONE, PLAIN[number], 1, "default"),)) for number in (0, 1)
    ]

    digest, _ = digests().of(held, now=START)

    assert digest is not None
    (way,) = digest.alternatives
    assert (way.channel, way.address, way.route) == ("sms", PHONE, "default")
    assert all(text in way.text for text in PLAIN)


def test_a_way_that_only_some_have_is_not_the_digests() -> None:
    held = [by_chat(0, alternatives=(Alternative("sms", PHONE, PLAIN[0]),)), by_chat(1)]

    digest, _ = digests().of(held, now=START)

    assert digest is not None
    assert digest.alternatives == ()


def test_it_is_worth_sending_as_long_as_one_of_its_parts_is() -> None:
    held = [by_chat(0, expires_at=START + timedelta(hours=1)), by_chat(1, expires_at=START + timedelta(hours=5))]

    digest, _ = digests().of(held, now=START)

    assert isinstance(digest, OutboxItem)
    assert digest.expires_at == START + timedelta(hours=5)
