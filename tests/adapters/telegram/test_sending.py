"""What becomes of a message, for each way in which Telegram and the network can answer."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.channels.telegram import open as open_channel
from bot.model.message import Accepted, ChannelDown, Option, Outcome, Rejected, Retry, Uncertain
from tests.adapters.telegram.support import (
    Telegram,
    canned,
    free_port,
    http_answer,
    in_turn,
    item,
    running,
    settings_for,
)

ALICE = 5_000_000_100


async def outcome_at(
    port: int, chat: int | str = ALICE, *, options: tuple[Option, ...] = (), **changes: object
) -> Outcome:
    async with open_channel("tele", settings_for(port, **changes)) as channel:
        return await channel.sender.send(item(chat, options=options))


def refusal(words: str) -> bytes:
    return http_answer("400 Bad Request", json.dumps({"ok": False, "error_code": 400, "description": words}))


def taken(number: int) -> bytes:
    return http_answer("200 OK", json.dumps({"ok": True, "result": {"message_id": number}}))


async def test_a_message_is_accepted_under_telegrams_own_number(telegram: Telegram) -> None:
    outcome = await outcome_at(telegram.port)

    [message] = await telegram.messages(ALICE)
    assert outcome == Accepted((str(message["message_id"]),))
    assert message["text"] == item(ALICE).text


async def test_what_looks_like_markup_arrives_as_it_was_written(tmp_path: Path) -> None:
    text = "<b>Nguyễn & Trần</b> &lt;_*[x](http://a.vn)\\ 100% 'ok' \"ok\" 🙂"

    async with (
        running(log=tmp_path / "calls") as telegram,
        open_channel("tele", settings_for(telegram.port)) as channel,
    ):
        await channel.sender.send(item(ALICE, text))
        [message] = await telegram.messages(ALICE)

    assert message["text"] == text
    assert "entities" not in message
    assert '"is_disabled": true' in (tmp_path / "calls").read_text()


async def test_a_dossier_code_can_be_copied_with_a_tap(telegram: Telegram) -> None:
    text = "🙂 Hồ sơ H56.14-240823-0001 & 000.17.22.H56-210531-0001."
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        await channel.sender.send(item(ALICE, text))

    [message] = await telegram.messages(ALICE)
    assert message["text"] == text
    shown = text.encode("utf-16-le")
    marked = [shown[2 * each["offset"] :][: 2 * each["length"]].decode("utf-16-le") for each in message["entities"]]
    assert marked == ["H56.14-240823-0001", "000.17.22.H56-210531-0001"]
    assert {each["type"] for each in message["entities"]} == {"code"}


async def test_what_telegram_cannot_parse_goes_out_again_as_plain_text() -> None:
    complaint = "Bad Request: can't parse entities: Unsupported start tag"
    answers = [refusal(complaint), taken(7)]
    async with in_turn(answers) as server:
        outcome = await outcome_at(server.port)

    first, second = [json.loads(body) for body in server.bodies]
    assert outcome == Accepted(("7",))
    assert (first["parse_mode"], "parse_mode" in second) == ("HTML", False)
    assert second["text"] == item(ALICE).text


async def test_a_message_is_worth_more_than_its_buttons() -> None:
    options = (Option("Xem hồ sơ", "ho so"),)
    async with in_turn([refusal("Bad Request: BUTTON_DATA_INVALID"), taken(7)]) as server:
        outcome = await outcome_at(server.port, options=options)

    first, second = [json.loads(body) for body in server.bodies]
    assert outcome == Accepted(("7",))
    assert ("reply_markup" in first, "reply_markup" in second) == (True, False)


async def test_a_refusal_that_nothing_mends_is_final_and_asked_twice_of_nobody() -> None:
    async with in_turn([refusal("Bad Request: chat not found")]) as server:
        outcome = await outcome_at(server.port)

    assert outcome == Rejected("Chat not found")
    assert len(server.bodies) == 1


async def test_a_message_to_a_group_that_has_moved_arrives_at_its_new_address_at_once(telegram: Telegram) -> None:
    await telegram.migrate(-77, -1_000_000_000_077)
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        first = await channel.sender.send(item(-77, "một"))
        second = await channel.sender.send(item(-77, "hai"))

    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert [each["text"] for each in await telegram.messages(-1_000_000_000_077)] == ["một", "hai"]
    stats = await telegram.stats()
    assert (stats["400"], stats["200"]) == (1, 2), "the second one knows the way"


async def test_who_blocked_the_bot_is_told_apart_from_who_does_not_exist(telegram: Telegram) -> None:
    assert await outcome_at(telegram.port, 5_000_000_901) == Rejected(
        "Forbidden: bot was blocked by the user", blocked=True
    )
    assert await outcome_at(telegram.port, 5_000_000_902) == Rejected("Chat not found")


async def test_silence_after_the_request_is_uncertain_within_the_time_out(telegram: Telegram) -> None:
    started = time.monotonic()

    outcome = await outcome_at(telegram.port, 5_000_000_904, read_timeout=0.3, connect_timeout=0.5)

    assert outcome == Uncertain("no answer in time")
    assert time.monotonic() - started < 15


async def test_a_connection_lost_after_the_request_is_uncertain_for_it_was_delivered(telegram: Telegram) -> None:
    outcome = await outcome_at(telegram.port, 5_000_000_905)

    assert isinstance(outcome, Uncertain)
    assert len(await telegram.messages(5_000_000_905)) == 1


async def test_what_telegram_says_it_failed_to_do_is_tried_again(telegram: Telegram) -> None:
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        first = await channel.sender.send(item(5_000_000_906))
        second = await channel.sender.send(item(5_000_000_906))

    assert first == Retry("HTTP 500: Internal Server Error: sending failed")
    assert isinstance(second, Accepted)


async def test_a_refused_token_closes_the_channel(telegram: Telegram) -> None:
    outcome = await outcome_at(telegram.port, token=SecretStr("110201543:another-token"))

    assert outcome == ChannelDown("Unauthorized")


async def test_a_closed_door_closes_the_channel() -> None:
    assert isinstance(await outcome_at(free_port()), ChannelDown)


async def test_waiting_in_vain_for_a_connection_can_be_tried_again_for_nothing_left_us(telegram: Telegram) -> None:
    settings = settings_for(telegram.port, window=1, connect_timeout=0.3, read_timeout=5)
    async with open_channel("tele", settings) as channel, asyncio.TaskGroup() as tasks:
        hanging = tasks.create_task(channel.sender.send(item(5_000_000_904)))
        waiting = await tasks.create_task(channel.sender.send(item(ALICE)))
        hanging.cancel()

    assert isinstance(waiting, Retry)
    assert waiting.after is None
    assert await telegram.messages(ALICE) == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http_answer("502 Bad Gateway", "<html>nginx</html>", "text/html"), Uncertain),
        (http_answer("504 Gateway Timeout", '{"ok":false,"error_code":504,"description":"x"}'), Uncertain),
        (http_answer("503 Service Unavailable", "<html>busy</html>", "text/html"), Uncertain),
        (http_answer("503 Service Unavailable", '{"ok":false,"error_code":503,"description":"restart"}'), Retry),
        (http_answer("403 Forbidden", "<html>trang bị chặn</html>", "text/html"), ChannelDown),
        (http_answer("302 Found\r\nLocation: http://127.0.0.1:9/", ""), ChannelDown),
        (http_answer("429 Too Many Requests", '{"ok":false,"error_code":429,"description":"wait"}'), Retry),
        (http_answer("413 Request Entity Too Large", '{"ok":false,"error_code":413,"description":"x"}'), Retry),
        (http_answer("200 OK", "<html>xin chào</html>", "text/html"), Uncertain),
        (http_answer("200 OK", '{"ok":true,"result":{"odd":1}}'), Uncertain),
        (http_answer("200 OK", '{"ok":true,"result":[1]}'), Uncertain),
        (http_answer("200 OK", '{"ok":true}'), Uncertain),
        (http_answer("200 OK", "[]"), Uncertain),
        (http_answer("200 OK", '{"ok":false,"description":"x"}'), Uncertain),
        (http_answer("400 Bad Request", '{"ok":false,"description":5}'), ChannelDown),
        (http_answer("400 Bad Request", '{"ok":false,"parameters":5}'), ChannelDown),
        (http_answer("400 Bad Request", '{"ok":false,"parameters":{"retry_after":2}}'), Retry),
        (http_answer("429 Too Many Requests", '{"ok":false,"parameters":{"retry_after":"x"}}'), Retry),
        (http_answer("400 Bad Request", '{"ok":false,"parameters":{"migrate_to_chat_id":-1001}}'), Rejected),
        (http_answer("200 OK", "not all of it")[:-5], Uncertain),
        (b"SMTP ready\r\n", Uncertain),
        (b"", Uncertain),
    ],
)
async def test_an_answer_is_judged_by_what_may_have_been_done(answer: bytes, kind: type[Outcome]) -> None:
    async with canned(answer) as server:
        outcome = await outcome_at(server.port)

    assert isinstance(outcome, kind), outcome


async def test_a_server_that_speaks_no_tls_closes_the_channel() -> None:
    async with canned(b"220 hello\r\n") as server:
        outcome = await outcome_at(server.port, base_url=f"https://127.0.0.1:{server.port}/bot")

    assert isinstance(outcome, ChannelDown)


async def test_an_unknown_word_of_telegrams_is_not_done(telegram: Telegram) -> None:
    async with canned(http_answer("400 Bad Request", '{"ok":false,"description":"Bad Request: new"}')) as server:
        assert await outcome_at(server.port) == Rejected("New")


async def test_a_proxy_that_refuses_closes_the_channel_and_got_our_login() -> None:
    refusal = http_answer("403 Forbidden", "no", "text/plain")
    async with canned(refusal) as proxy:
        outcome = await outcome_at(
            free_port(),
            base_url="https://127.0.0.1:9/bot",
            proxy=f"http://127.0.0.1:{proxy.port}",
            proxy_login=SecretStr("an:mật khẩu"),
        )

    assert outcome == ChannelDown("the proxy answers 403")
    request = proxy.requests.get_nowait()
    assert request.startswith(b"CONNECT 127.0.0.1:9 ")
    assert b"Proxy-Authorization: Basic " in request


async def test_a_proxy_that_is_not_there_closes_the_channel(telegram: Telegram) -> None:
    assert isinstance(await outcome_at(telegram.port, proxy=f"http://127.0.0.1:{free_port()}"), ChannelDown)


async def test_a_long_text_arrives_in_pieces_in_order(telegram: Telegram) -> None:
    text = "\n".join(f"Bước {number}: nộp bản sao có chứng thực tại bộ phận một cửa." for number in range(180))
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        outcome = await channel.sender.send(item(ALICE, text))

    messages = await telegram.messages(ALICE)
    assert len(messages) == 3
    assert outcome == Accepted(tuple(str(message["message_id"]) for message in messages))
    assert "\n".join(message["text"] for message in messages) == text


async def test_a_text_that_breaks_off_halfway_is_uncertain_with_what_was_accepted(telegram: Telegram) -> None:
    await telegram.hold(ALICE, 600, after=1)
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        outcome = await channel.sender.send(item(ALICE, "một cửa " * 700))
        [message] = await telegram.messages(ALICE)

    assert isinstance(outcome, Uncertain)
    assert outcome.references == (str(message["message_id"]),)


async def test_a_later_piece_that_is_told_to_wait_a_moment_waits_for_it(telegram: Telegram) -> None:
    await telegram.hold(ALICE, 0.5, after=1)
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        outcome = await channel.sender.send(item(ALICE, "một cửa " * 700))

    assert isinstance(outcome, Accepted)
    assert len(await telegram.messages(ALICE)) == 2


@pytest.mark.parametrize("address", ["@mot_cua", "84912345678x", "", "1/../2"])
async def test_an_address_that_is_no_chat_is_rejected_without_a_call(telegram: Telegram, address: str) -> None:
    assert isinstance(await outcome_at(telegram.port, address), Rejected)
    assert "sendMessage" not in await telegram.stats()


async def test_an_empty_text_and_another_channels_address_are_rejected(telegram: Telegram) -> None:
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        assert isinstance(await channel.sender.send(item(ALICE, " \n ")), Rejected)
        assert isinstance(await channel.sender.send(item("84912345678", scheme="sms")), Rejected)


async def test_broken_unicode_is_rejected_and_does_not_close_the_channel(telegram: Telegram) -> None:
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        assert isinstance(await channel.sender.send(item(ALICE, "hỏng \ud83d đây")), Rejected)


async def test_fifty_at_once_are_all_accepted_within_the_window(telegram: Telegram) -> None:
    async with open_channel("tele", settings_for(telegram.port, window=10, connect_timeout=5)) as channel:
        outcomes = await asyncio.gather(*(channel.sender.send(item(ALICE + 1000 * n)) for n in range(50)))

    assert len({outcome for outcome in outcomes if isinstance(outcome, Accepted)}) == 50
