"""Options as Telegram's keyboards."""

from typing import Any

import pytest

from adapters.channels.telegram import open as open_channel
from bot.model.message import Accepted, Asks, Lane, Option
from tests.adapters.telegram.support import ALICE, Desk, Telegram, item, listening, settings_for

PHONE = Option("Gửi số điện thoại của tôi", "lien ket", Asks.PHONE)
MINE = Option("Hồ sơ của tôi", "ho so cua toi")
HELP = Option("Hướng dẫn", "tro giup")
LONG = Option("Theo dõi hồ sơ H56.14-240823-01", "theo doi H56.14-240823-01")


async def sent(telegram: Telegram, *options: Option, chat: int = ALICE) -> dict[str, Any]:
    """The message as the citizen sees it."""
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        assert isinstance(await channel.sender.send(item(chat, options=options)), Accepted)
    return (await telegram.talk(chat))[-1]


async def test_options_become_buttons_two_short_ones_side_by_side(telegram: Telegram) -> None:
    message = await sent(telegram, MINE, HELP, LONG, HELP)

    rows = message["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [
        ["Hồ sơ của tôi", "Hướng dẫn"],
        [LONG.label],
        ["Hướng dẫn"],
    ]
    assert rows[0][0]["callback_data"] == "ho so cua toi"


async def test_what_a_button_says_comes_back_when_it_is_pressed(telegram: Telegram) -> None:
    desk = Desk()
    message = await sent(telegram, MINE)
    async with listening(telegram.port, desk):
        await telegram.press(ALICE, message["reply_markup"]["inline_keyboard"][0][0]["callback_data"])
        heard = await desk.next()

    assert heard.text == MINE.says


@pytest.mark.parametrize("says", ["đ" * 33, "x" * 65, ""])
async def test_an_option_that_does_not_fit_is_left_out_and_the_message_arrives(telegram: Telegram, says: str) -> None:
    message = await sent(telegram, Option("Không vừa", says), HELP)

    [[button]] = message["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Hướng dẫn"
    assert (await sent(telegram, Option("Không vừa", says)))["reply_markup"] is None


async def test_sixty_four_bytes_fit(telegram: Telegram) -> None:
    assert (await sent(telegram, Option("Vừa", "đ" * 32)))["reply_markup"]


async def test_a_long_text_has_its_buttons_below_the_last_piece(telegram: Telegram) -> None:
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        await channel.sender.send(item(ALICE, "một cửa " * 700, options=(HELP,)))

    first, last = await telegram.talk(ALICE)
    assert first["reply_markup"] is None
    assert last["reply_markup"]


async def test_the_phone_is_asked_for_with_a_keyboard_that_goes_away_after_use(telegram: Telegram) -> None:
    desk = Desk()
    settings = settings_for(telegram.port)
    async with listening(telegram.port, desk, settings=settings) as channel:
        await channel.sender.send(item(ALICE, options=(PHONE,)))
        asking = (await telegram.talk(ALICE))[-1]["reply_markup"]
        await channel.sender.send(item(ALICE, "còn chờ"))
        still = (await telegram.talk(ALICE))[-1]["reply_markup"]
        await telegram.share(ALICE, "84912345678")
        await desk.next()
        await channel.sender.send(item(ALICE, "đã liên kết", options=(MINE,), lane=Lane.REPLY))
        with_buttons = (await telegram.talk(ALICE))[-1]["reply_markup"]
        await channel.sender.send(item(ALICE, "tin sau"))
        removed = (await telegram.talk(ALICE))[-1]["reply_markup"]
        await channel.sender.send(item(ALICE, "tin sau nữa"))
        after = (await telegram.talk(ALICE))[-1]["reply_markup"]

    [[button]] = asking["keyboard"]
    assert (button["text"], button["request_contact"]) == (PHONE.label, True)
    assert asking["one_time_keyboard"]
    assert still is None
    assert "inline_keyboard" in with_buttons
    assert removed == {"remove_keyboard": True}
    assert after is None


async def test_in_a_group_nobody_is_asked_for_a_phone(telegram: Telegram) -> None:
    message = await sent(telegram, PHONE, HELP, chat=-77)

    [[button]] = message["reply_markup"]["inline_keyboard"]
    assert button["text"] == HELP.label
