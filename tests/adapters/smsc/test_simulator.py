"""The simulated centre as its users see it: the phones, the control API, the log, and its strictness."""

import asyncio
import zlib
from pathlib import Path

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.concatenation import Part, header
from adapters.channels.sms_smpp.framing import pdu
from adapters.fates import Fate
from adapters.simulators.smsc.fates import Fates
from bot.model.message import Accepted, Uncertain
from tests.adapters.sms_smpp.support import TLV, centre, item, number, opened, settings_for
from tests.adapters.smsc.support import BIND, Client, submit

BOTH_WAYS = "Hồ sơ của ông/bà đã có kết quả. " * 5


async def test_the_log_tells_what_was_submitted_and_what_became_of_it(tmp_path: Path) -> None:
    async with (
        centre(tmp_path / "log") as smsc,
        opened(settings_for(smsc.port, reference_tlv=TLV)) as ours,
    ):
        sent = item(BOTH_WAYS)
        outcome = await ours.send(sent)
        assert isinstance(outcome, Accepted)
        await ours.events.until(lambda events: len(events.receipts) == len(outcome.references))
        await smsc.write(sent.address.value, "Cảm ơn", wait=True)

        lines = await smsc.journal("submit")
        assert "".join(line["text"] for line in lines) == BOTH_WAYS
        assert [line["message_id"] for line in lines] == list(outcome.references)
        assert len({line["udh"][:8] for line in lines}) == 1
        for line in lines:
            assert (line["to"], line["from"]) == (sent.address.value[1:], "SOTNMT")
            assert (line["encoding"], line["status"], line["reference"]) == ("UCS-2", 0, sent.id)
            assert line["umr"] == zlib.crc32(sent.id.encode()) & 0xFFFF
        events = [line["event"] for line in await smsc.journal("receipt_sent", "receipt_taken", "mo", "mo_taken")]
        assert events.count("receipt_sent") == events.count("receipt_taken") == len(lines)
        assert (events.count("mo"), events.count("mo_taken")) == (1, 1)


async def test_the_phone_shows_whole_texts_with_their_fate() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        endings = {"7777": "delivered", "0002": "undelivered", "0003": "accepted", "0009": "expired"}
        for ending, state in endings.items():
            to = number(ending)
            await ours.send(item(BOTH_WAYS, to=to))

            [text] = await smsc.texts(to)

            assert (text["number"], text["from"], text["text"], text["state"]) == (to, "SOTNMT", BOTH_WAYS, state)


async def test_a_reader_waits_for_the_next_text_and_gets_only_what_is_new() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        to = number()
        await ours.send(item("mot", to=to))
        first = (await smsc.texts(to))[0]
        waiting = asyncio.create_task(smsc.texts(to, after=first["seq"]))
        await asyncio.sleep(0.05)

        await ours.send(item("khac", to=number()))
        await ours.send(item("hai", to=to))

        assert [text["text"] for text in await waiting] == ["hai"]
        assert await smsc.texts(to, after=first["seq"] + 9, wait=0) == []


async def test_the_latest_numbers_come_first() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        numbers = [number() for _ in range(3)]
        for to in (*numbers, numbers[0]):
            await ours.send(item(to=to))
            await smsc.texts(to, after=0)
            await asyncio.sleep(0.05)

        listed = await smsc.get("numbers", limit="2")

        assert [row["number"] for row in listed] == [numbers[0], numbers[2]]


async def test_a_number_in_an_address_needs_no_escaping() -> None:
    async with centre() as smsc:
        to = number()
        await smsc.write(to, "xin chao")

        async with smsc.http.get(f"http://127.0.0.1:{smsc.settings.control_port}/messages?number={to}") as answer:
            texts = await answer.json()

        assert [text["text"] for text in texts] == ["xin chao"]


async def test_a_message_waits_for_somebody_to_bind() -> None:
    async with centre() as smsc:
        status, answer = await smsc.write(number(), "co ai khong")
        assert (status, bool(answer["id"])) == (202, True)

        async with opened(settings_for(smsc.port)) as ours:
            await ours.events.until(lambda events: bool(events.messages))

            assert ours.events.messages[0].text == "co ai khong"


@pytest.mark.parametrize("body", [[], {"from": "+84912345678"}, "x"])
async def test_a_wrong_request_is_told(body: object) -> None:
    async with centre() as smsc, smsc.http.post(f"http://127.0.0.1:{smsc.settings.control_port}/mo", json=body) as no:
        assert no.status == 400


async def test_the_drop_comes_once_for_each_text() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        first, other = item("mot", to=number("0007")), item("hai", to=number("0007"))

        outcomes = [await ours.send_once_bound(each) for each in (first, first, other, other)]

        assert [type(outcome) for outcome in outcomes] == [Uncertain, Accepted, Uncertain, Accepted]


@pytest.mark.parametrize("ending", ["0006", "0007", "0008"])
def test_bad_luck_meets_the_first_part_only(ending: str) -> None:
    fates = Fates()
    message = codec.ShortMessage(codec.Place(5, 0, "X"), codec.Place(1, 1, f"84912{ending}"), b"")

    second = fates.of(message, Part(1, 3, 2), b"part two")
    first = fates.of(message, Part(1, 3, 1), b"part one")

    assert (first, second) == (Fate(ending), Fate.ARRIVES)


async def test_a_throttled_text_is_known_again_under_another_reference() -> None:
    fates = Fates()
    to = codec.Place(1, 1, "84912340006")

    met = [
        fates.of(codec.ShortMessage(codec.Place(5, 0, "X"), to, header(Part(n, 2, 1)) + b"a"), Part(n, 2, 1), b"a")
        for n in range(3)
    ]

    assert met == [Fate.THROTTLED, Fate.THROTTLED, Fate.ARRIVES]


async def test_the_receipt_of_a_hasty_number_leaves_before_the_response() -> None:
    async with centre() as smsc:
        client = await Client.connected(smsc)
        await client.ask(spec.BIND_TRANSCEIVER, BIND)

        first = await client.ask(spec.SUBMIT_SM, submit("84912340005"), 2)
        second = await client.read()

        assert [first.command, second.command] == [spec.DELIVER_SM, spec.SUBMIT_SM_RESP]
        client.close()


async def test_nobody_submits_before_binding() -> None:
    async with centre() as smsc:
        client = await Client.connected(smsc)

        answer = await client.ask(spec.SUBMIT_SM, submit(), 5)

        assert (answer.command, answer.sequence, answer.status) == (spec.SUBMIT_SM_RESP, 5, spec.INVALID_BIND_STATUS)
        client.close()


@pytest.mark.parametrize(
    ("command", "body", "answer", "status"),
    [
        (spec.SUBMIT_SM, b"", spec.SUBMIT_SM_RESP, spec.INVALID_COMMAND_LENGTH),
        (spec.SUBMIT_SM, submit()[:-3], spec.SUBMIT_SM_RESP, spec.INVALID_MESSAGE_LENGTH),
        (spec.SUBMIT_SM, submit() + b"\x02", spec.SUBMIT_SM_RESP, spec.INVALID_TLV_STREAM),
        (spec.BIND_TRANSCEIVER, BIND, spec.BIND_TRANSCEIVER | spec.RESPONSE, spec.ALREADY_BOUND),
        (0x42, b"", spec.GENERIC_NACK, spec.INVALID_COMMAND),
    ],
)
async def test_what_is_wrong_is_answered_and_the_link_lives(
    command: int, body: bytes, answer: int, status: int
) -> None:
    async with centre() as smsc:
        client = await Client.connected(smsc)
        await client.ask(spec.BIND_TRANSCEIVER, BIND)

        refused = await client.ask(command, body, 7)

        assert (refused.command, refused.sequence, refused.status) == (answer, 7, status)
        assert (await client.ask(spec.SUBMIT_SM, submit(), 8)).status == spec.OK
        client.close()


async def test_octets_out_of_step_close_the_link() -> None:
    async with centre() as smsc:
        client = await Client.connected(smsc)

        client.write(bytes(16))

        assert (await client.read()).command == spec.GENERIC_NACK
        with pytest.raises(EOFError):
            await client.read()
        client.close()


async def test_an_unanswered_delivery_is_made_again() -> None:
    async with centre(answer_timeout=0.3) as smsc:
        client = await Client.connected(smsc)
        await client.ask(spec.BIND_TRANSCEIVER, BIND)
        await client.ask(spec.SUBMIT_SM, submit(), 2)

        first, second = await client.read(), await client.read()

        assert first.body == second.body
        assert first.sequence != second.sequence
        client.close()


async def test_a_silent_client_is_asked_whether_it_lives() -> None:
    async with centre(enquire_link=0.3) as smsc:
        client = await Client.connected(smsc)
        await client.ask(spec.BIND_TRANSCEIVER, BIND)

        assert (await client.read()).command == spec.ENQUIRE_LINK
        client.close()


async def test_more_submits_than_the_window_are_throttled() -> None:
    async with centre(window=2, latency=0.2) as smsc:
        client = await Client.connected(smsc)
        await client.ask(spec.BIND_TRANSCEIVER, BIND)

        for sequence in range(2, 5):
            client.write(pdu(spec.SUBMIT_SM, sequence, submit("84912340003")))
        answers = {answer.sequence: answer.status for answer in [await client.read() for _ in range(3)]}

        assert sorted(answers.values()) == [spec.OK, spec.OK, spec.THROTTLED]
        assert answers[4] == spec.THROTTLED
        client.close()


async def test_message_ids_may_be_hexadecimal() -> None:
    async with centre(ids="hex") as smsc, opened(settings_for(smsc.port)) as ours:
        outcome = await ours.send(item())

        assert isinstance(outcome, Accepted)
        assert int(outcome.references[0], 16) > 0
        await ours.events.until(lambda events: [r.reference for r in events.receipts] == list(outcome.references))
