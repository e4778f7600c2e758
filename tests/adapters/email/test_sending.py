"""What becomes of a letter, for each way in which a mail server can answer; and what its reader sees."""

import asyncio
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import UnthreadedController
from aiosmtpd.handlers import Message as Kept

from adapters.channels import email
from adapters.channels.email.letter import letter, subject_of
from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Uncertain
from bot.model.person import Address
from tests.adapters.email.support import ANH, NOON, free_port, item, running, scripted, sent, settings_for

HELLO = (b"220 hi\r\n", b"250 mail\r\n")
OK = b"250 2.0.0 ok\r\n"
QUIET = {"username": "", "password": None}


async def test_a_letter_is_accepted_and_read_as_it_was_written() -> None:
    text = "Hồ sơ H56.14-240823-0001 sắp đến hạn.\n.Dòng bắt đầu bằng dấu chấm\n\nTrân trọng"
    async with running() as mail:
        written = item(text=text)
        [outcome] = await sent(mail.port, written, subject="Một cửa", reply_to="hoi-dap@khanhhoa.test")
        seen = await mail.letter()

    assert outcome == Accepted()
    assert seen["text"].rstrip("\n") == text
    assert seen["subject"] == "Một cửa: Hồ sơ H56.14-240823-0001 sắp đến hạn."
    assert seen["from"] == "Một cửa Khánh Hòa <motcua@khanhhoa.test>"
    assert seen["headers"]["Message-ID"] == f"<{written.id}@khanhhoa.test>"
    assert seen["headers"]["Reply-To"] == "hoi-dap@khanhhoa.test"
    assert seen["headers"]["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in seen["headers"]


async def test_another_makers_mail_server_reads_the_same() -> None:
    class Keeper(Kept):
        got = ""

        def handle_message(self, message: object) -> None:
            type(self).got = message.get_payload(decode=True).decode()  # type: ignore[attr-defined]

    controller = UnthreadedController(Keeper(), hostname="127.0.0.1", port=free_port(), loop=asyncio.get_running_loop())
    controller.server = await controller._create_server()
    try:
        outcomes = await sent(controller.port, item(text="Kính gửi Ông/Bà"), **QUIET)
    finally:
        controller.server.close()
        await controller.server.wait_closed()

    assert outcomes == [Accepted()]
    assert Keeper.got == "Kính gửi Ông/Bà\r\n"


async def test_all_letters_take_one_connection_and_one_login() -> None:
    async with running() as mail:
        outcomes = await sent(mail.port, *(item(text=f"Thư {number}") for number in range(4)))
        stats = await mail.stats()

    assert outcomes == [Accepted()] * 4
    assert (stats["connection"], stats["AUTH"], stats["message"], stats["QUIT"]) == (1, 1, 4, 1)


async def test_a_connection_that_died_while_it_was_idle_is_replaced_and_nothing_goes_twice() -> None:
    async with running() as mail, email.open("mail", settings_for(mail.port)) as channel:
        await channel.sender.send(item(text="một"))
        await mail.hang_up()

        outcome = await channel.sender.send(item(text="hai"))

        assert outcome == Accepted()
        assert [each["text"].strip() for each in await mail.letters()] == ["một", "hai"]


async def test_a_connection_that_was_long_idle_is_not_trusted() -> None:
    async with running() as mail:
        await sent(mail.port, item(), item(), idle=0)

        assert (await mail.stats())["connection"] == 2


async def test_a_refused_letter_does_not_spoil_the_next_one_on_the_same_connection() -> None:
    async with running() as mail:
        outcomes = await sent(mail.port, item("nobody0001@khanhhoa.test"), item("x0554@khanhhoa.test"), item())
        stats = await mail.stats()

    assert outcomes == [
        Rejected("SMTP 550 5.1.1: the recipient is refused"),
        Rejected("SMTP 554 5.7.1: the message is refused"),
        Accepted(),
    ]
    assert stats["connection"] == 1


async def test_a_full_mailbox_climbs_the_ladder_and_a_hurried_server_is_waited_for() -> None:
    async with running() as mail:
        full, hurried, closing = await sent(
            mail.port, item("x0452@khanhhoa.test"), item("x0006@khanhhoa.test"), item("x0421@khanhhoa.test")
        )

    assert full == Retry("SMTP 452 4.2.2: not taken for now")
    assert hurried == Retry("SMTP 450 4.7.1: not now", 60.0, counts=False)
    assert closing == Retry("SMTP 421 4.3.2: not now", 60.0, counts=False)


async def test_silence_after_the_text_is_uncertain_and_so_is_a_connection_that_falls_there() -> None:
    async with running() as mail:
        silent, dropped, next_one = await sent(
            mail.port, item("x0008@khanhhoa.test"), item("x0007@khanhhoa.test"), item(), response_timeout=1.5
        )
        dropped_letters = await mail.letters("x0007@khanhhoa.test")

    assert silent == Uncertain("no answer in time")
    assert dropped == Uncertain("no answer (the connection fell)")
    assert len(dropped_letters) == 1
    assert next_one == Accepted()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((b"554 5.3.2 no service\r\n",), ChannelDown),
        ((b"421 4.3.2 busy\r\n",), ChannelDown),
        ((None,), ChannelDown),
        ((b"SSH-2.0-OpenSSH\r\n",), ChannelDown),
        ((*HELLO, None), Retry),
        ((*HELLO, b"550 5.7.1 <motcua@khanhhoa.test> not allowed\r\n"), ChannelDown),
        ((*HELLO, b"552 5.3.4 too large\r\n"), Rejected),
        ((*HELLO, b"451 4.3.0 later\r\n"), Retry),
        ((*HELLO, OK, None), Retry),
        ((*HELLO, OK, b"550 5.1.1 <anh.nguyen@khanhhoa.test> unknown\r\n"), Rejected),
        ((*HELLO, OK, b"554 5.7.1 Relay access denied\r\n"), ChannelDown),
        ((*HELLO, OK, b"530 5.7.0 Must issue a STARTTLS command first\r\n"), ChannelDown),
        ((*HELLO, OK, b"nonsense\r\n"), Retry),
        ((*HELLO, OK, OK, b"451 4.3.0 later\r\n"), Retry),
        ((*HELLO, OK, OK, b"554 5.6.0 no\r\n"), Rejected),
        ((*HELLO, OK, OK, b"354 go\r\n", b"451 4.3.0 later\r\n"), Retry),
        ((*HELLO, OK, OK, b"354 go\r\n", b"552 5.2.3 too large\r\n"), Rejected),
        ((*HELLO, OK, OK, b"354 go\r\n", b"nonsense\r\n"), Uncertain),
        ((*HELLO, OK, OK, b"354 go\r\n", None), Uncertain),
        ((*HELLO, OK, OK, b"354 go\r\n", b"250 queued\r\n"), Accepted),
    ],
)
async def test_each_answer_at_each_step_has_one_meaning(answers: tuple[bytes | None, ...], expected: type) -> None:
    async with scripted(*answers) as port:
        [outcome] = await sent(port, item(), **QUIET)

    assert type(outcome) is expected, outcome
    assert "anh.nguyen" not in str(outcome)


async def test_a_server_that_is_slow_before_the_text_has_nothing() -> None:
    async with scripted(*HELLO, OK, b"") as port:
        [outcome] = await sent(port, item(), **QUIET, response_timeout=0.1)

    assert outcome == Retry("no answer in time")


async def test_a_login_that_is_refused_or_a_closed_door_is_the_channels_trouble() -> None:
    async with running() as mail:
        [refused] = await sent(mail.port, item(), username="another")
    [closed] = await sent(free_port(), item())

    assert isinstance(refused, ChannelDown)
    assert "SMTP 535 5.7.8" in refused.reason
    assert isinstance(closed, ChannelDown)
    assert "ECONNREFUSED" in closed.reason


async def test_a_send_that_is_given_up_leaves_a_fresh_connection_to_the_next() -> None:
    async with running() as mail, email.open("mail", settings_for(mail.port, response_timeout=30)) as channel:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await channel.sender.send(item("x0008@khanhhoa.test"))

        assert await channel.sender.send(item()) == Accepted()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "anh",
        "@",
        "anh@",
        "anh@x y",
        "a@b\r\nRCPT TO:<c@d>",
        "a" * 65 + "@khanhhoa.test",
        "<a@b>",
        "ế@khanhhoa.test",
    ],
)
async def test_what_is_no_address_reaches_no_server(value: str) -> None:
    async with running() as mail:
        [outcome] = await sent(mail.port, replace(item(), address=Address("email", value)))

        assert outcome == Rejected("the address is no e-mail address")
        assert "connection" not in await mail.stats()


def test_the_subject_is_the_first_line_cut_at_a_word() -> None:
    assert subject_of("\n Hồ sơ  sắp đến hạn \nchi tiết", "") == "Hồ sơ sắp đến hạn"
    assert subject_of("chữ " * 100, "Một cửa").endswith("chữ…")
    assert len(subject_of("chữ " * 100, "Một cửa")) <= 120
    assert subject_of("một\x00hai\ud800", "") == "mộthai\N{REPLACEMENT CHARACTER}"


def test_no_text_can_add_a_header() -> None:
    written = letter(item(text="Tiêu đề\r\nBcc: ai@do.test"), settings_for(25), now=NOON)

    read = message_from_bytes(written, policy=default)
    assert read["Bcc"] is None
    assert read["To"] == ANH
    assert written.isascii()
