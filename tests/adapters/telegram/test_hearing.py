"""What updates mean: payloads in the Bot API's form in, messages of ours out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.telegram.deep_links import decode
from adapters.channels.telegram.keyboards import Keyboards
from adapters.channels.telegram.updates import Ear, News, understand
from bot.links import telegram_payload
from bot.model.message import Asks, Heard, InboundMessage, Option
from bot.model.person import Address
from tests.adapters.telegram.support import ALICE, NOON, Desk, Telegram, listening

FIXTURES = Path(__file__).with_name("fixtures")
CODE = "H56.14-240823-0001"


def payload(name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8")))


def news(update: object) -> News:
    heard = understand(update, channel="tele", now=NOON)
    assert heard is not None
    return heard


def message(name: str) -> InboundMessage:
    heard = news(payload(name)).message
    assert heard is not None
    return heard


@pytest.mark.parametrize(
    ("name", "kind", "text", "language"),
    [
        ("text", Heard.TEXT, "h56.14-240823-0001 đến đâu rồi ạ?", "vi"),
        ("start", Heard.START, "", "vi"),
        ("start_with_code", Heard.START, CODE, "vi"),
        ("command", Heard.TEXT, f"theo doi {CODE}", "en"),
        ("edited", Heard.TEXT, "H56.14-240823-0002", "vi"),
        ("pressed", Heard.TEXT, "ho so cua toi", "vi"),
        ("pressed_long_ago", Heard.TEXT, "dừng", "vi"),
        ("photo_with_caption", Heard.TEXT, f"Giấy hẹn {CODE}", "vi"),
        ("blocked", Heard.LEFT, "", "vi"),
        ("contact_own", Heard.CONTACT, "", "vi"),
        ("contact_with_plus", Heard.CONTACT, "", "vi"),
    ],
)
def test_a_citizens_word_or_deed_is_heard(name: str, kind: Heard, text: str, language: str) -> None:
    heard = message(name)

    assert (heard.kind, heard.text, heard.language) == (kind, text, language)
    assert heard.sender == Address("telegram", str(ALICE))
    assert heard.message_id == str(payload(name)["update_id"])


@pytest.mark.parametrize("name", ["contact_own", "contact_with_plus"])
def test_the_own_number_is_vouched_for(name: str) -> None:
    assert message(name).phone == "+84912345678"


@pytest.mark.parametrize(
    "name",
    [
        "contact_of_another",
        "contact_without_telegram",
        "contact_forwarded",
        "contact_forwarded_before_bot_api_7",
        "contact_by_another_bot",
        "contact_of_no_number",
    ],
)
def test_anybody_elses_number_goes_nowhere_and_is_answered_like_a_message_without_words(name: str) -> None:
    heard = message(name)

    assert (heard.kind, heard.text, heard.phone) == (Heard.TEXT, "", "")


@pytest.mark.parametrize(
    "changes",
    [{"user_id": None}, {"user_id": ALICE + 1}, {"user_id": 0}, {"user_id": -ALICE}],
)
def test_a_card_must_name_its_sender(changes: dict[str, object]) -> None:
    update = payload("contact_own")
    update["message"]["contact"] |= changes

    assert news(update).message == replace(message("contact_own"), kind=Heard.TEXT, phone="")


def test_a_card_without_a_sender_is_nobodys() -> None:
    update = payload("contact_own")
    del update["message"]["from"]

    heard = news(update).message

    assert heard
    assert heard.kind is Heard.TEXT


@pytest.mark.parametrize("name", ["unblocked", "group_has_moved_here", "sticker"])
def test_other_updates_are_nothing_to_us(name: str) -> None:
    assert news(payload(name)) == News()


def test_a_group_that_moves_says_where_to() -> None:
    heard = message("group_moved")

    assert (heard.kind, heard.text) == (Heard.MOVED, "-1002012345678")
    assert heard.sender == Address("telegram", "-4012345678")


def test_a_press_is_to_be_answered() -> None:
    assert news(payload("pressed")).pressed == "21474836910000001"


@pytest.mark.parametrize("code", [CODE, "000.17.22.H56-210531-0001", "G09.20-20260609-0092637"])
def test_a_link_gives_back_the_code_it_was_made_from(code: str) -> None:
    assert decode(telegram_payload(code)) == code


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/start", ""),
        ("/start@motcua_bot", ""),
        ("/START H56_14-240823-0001", CODE),
        ("/start H56.14-240823-0001 ạ", "H56.14-240823-0001 ạ"),
        ("/start " + "a" * 65, "a" * 65),
    ],
)
def test_start_carries_what_follows_it(typed: str, text: str) -> None:
    update = payload("start")
    update["message"]["text"] = typed

    heard = news(update).message

    assert heard
    assert (heard.kind, heard.text) == (Heard.START, text)


@pytest.mark.parametrize(
    ("code", "language"), [("vi", "vi"), ("en", "en"), ("en-GB", "en"), ("VI", "vi"), ("zh-hans", ""), ("", "")]
)
def test_the_language_of_the_citizens_telegram_counts_where_we_speak_it(code: str, language: str) -> None:
    update = payload("text")
    update["message"]["from"]["language_code"] = code

    heard = news(update).message

    assert heard
    assert heard.language == language


def test_a_button_in_place_of_the_letters_says_what_it_stands_for_once() -> None:
    keyboards = Keyboards()
    ear = Ear("tele", keyboards, lambda: NOON)
    update = payload("text")
    update["message"]["text"] = "Để sau"
    keyboards.show(ALICE, [Option("Để sau", "huy"), Option("Gửi số", "lien ket", Asks.PHONE)])

    first, second = ear.hear(update).message, ear.hear(update).message

    assert first
    assert second
    assert (first.text, second.text) == ("huy", "Để sau")


async def test_the_simulator_tells_of_contacts_blocks_and_moves_in_the_same_form(telegram: Telegram) -> None:
    desk = Desk()
    async with listening(telegram.port, desk):
        await telegram.share(ALICE, "84912345678")
        own = await desk.next()
        await telegram.share(ALICE, "84912345678", forwarded=True)
        forwarded = await desk.next()
        await telegram.share(ALICE, "84912345678", of=0)
        without_telegram = await desk.next()
        await telegram.block(ALICE)
        left = await desk.next()
        await telegram.block(ALICE, "unblock")
        await telegram.migrate(-77, -1_000_000_000_077)
        moved = await desk.next()

    assert (own.kind, own.phone) == (Heard.CONTACT, "+84912345678")
    assert [each.kind for each in (forwarded, without_telegram)] == [Heard.TEXT, Heard.TEXT]
    assert forwarded.phone == without_telegram.phone == ""
    assert (left.kind, left.sender.value) == (Heard.LEFT, str(ALICE))
    assert (moved.kind, moved.sender.value, moved.text) == (Heard.MOVED, "-77", "-1000000000077")
