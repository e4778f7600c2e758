"""smpplib as the client of our simulated centre: a second reading of the specification."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

from bot.model.sms import segment
from tests.adapters.sms_smpp.support import Centre, centre, number
from tests.adapters.smsc.support import certificate

TEXT = "Hồ sơ H56.14-240823-0001 đã có kết quả, mời ông/bà đến nhận tại bộ phận Một cửa của phường."
LIMIT = 5.0


class Customer:
    """An ordinary smpplib client, used from a thread."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._client = smpplib.client.Client(
            "127.0.0.1", port, timeout=LIMIT, allow_unknown_opt_params=True, ssl_context=tls
        )
        self._client.set_message_sent_handler(self._sent)
        self._client.set_message_received_handler(self._received)
        self._client.set_error_pdu_handler(lambda pdu: self.refused.append(pdu.status))
        self.ids: list[bytes] = []
        self.receipts: list[tuple[bytes, int]] = []
        self.messages: list[bytes] = []
        self.refused: list[int] = []

    def bind(self, password: str, kind: str = "transceiver") -> None:
        self._client.connect()
        getattr(self._client, f"bind_{kind}")(system_id="smpplib", password=password)

    def submit(self, to: str, text: str) -> int:
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            self._client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr="SOTNMT",
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                destination_addr=to.lstrip("+"),
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
                user_message_reference=7,
            )
        return len(parts)

    def listen_until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._client.read_once(auto_send_enquire_link=False)

    def close(self) -> None:
        self._client.unbind()
        self._client.disconnect()

    def drop(self) -> None:
        self._client.state = smpplib.consts.SMPP_CLIENT_STATE_OPEN
        self._client.disconnect()

    def _sent(self, pdu: smpplib.smpp.command.Command) -> None:
        self.ids.append(pdu.message_id)

    def _received(self, pdu: smpplib.smpp.command.Command) -> int:
        if pdu.esm_class & 0x04:
            self.receipts.append((pdu.receipted_message_id, pdu.message_state))
        else:
            self.messages.append(pdu.short_message)
        return int(smpplib.consts.SMPP_ESME_ROK)


async def in_thread(work: Callable[[], object]) -> None:
    async with asyncio.timeout(2 * LIMIT):
        await asyncio.to_thread(work)


async def test_a_long_vietnamese_text_arrives_with_its_receipts() -> None:
    async with centre() as smsc:
        customer, to = Customer(smsc.port), number()

        def talk() -> None:
            customer.bind("pw")
            parts = customer.submit(to, TEXT)
            customer.listen_until(lambda: len(customer.receipts) == parts)
            customer.close()

        await in_thread(talk)

        assert [text["text"] for text in await smsc.texts(to)] == [TEXT]
        assert sorted(customer.receipts) == sorted((reference, 2) for reference in customer.ids)
        stats = await smsc.stats()
        assert (stats["receipt_taken"], stats["links"]) == (len(customer.ids), 0)


async def test_a_citizens_long_text_reaches_it() -> None:
    async with centre() as smsc:
        customer = Customer(smsc.port)
        await in_thread(lambda: customer.bind("pw"))
        parts = segment(TEXT).parts

        writing = asyncio.create_task(smsc.write(number(), TEXT, wait=True))
        await in_thread(lambda: customer.listen_until(lambda: len(customer.messages) == len(parts)))
        await in_thread(customer.close)

        assert (await writing)[0] == 202
        assert "".join(octets[6:].decode("utf-16-be") for octets in customer.messages) == TEXT


async def test_a_refused_number_and_a_wrong_password_are_told() -> None:
    async with centre(accounts={"smpplib": "pw"}) as smsc:
        customer, stranger = Customer(smsc.port), Customer(smsc.port)

        def talk() -> None:
            customer.bind("pw")
            customer.submit(number("0001"), "Ho so")
            customer.listen_until(lambda: bool(customer.refused))
            customer.close()

        await in_thread(talk)
        with pytest.raises(smpplib.exceptions.PDUError) as refused:
            await in_thread(lambda: stranger.bind("wrong"))
        stranger.drop()

        assert customer.refused == [0x0B]
        assert refused.value.args[1] == 0x0E


async def test_receipts_wait_for_the_next_bind() -> None:
    async with centre(delay=0.2) as smsc:
        first, second = Customer(smsc.port), Customer(smsc.port)

        def submit_and_fall() -> None:
            first.bind("pw")
            first.submit(number(), "Ho so")
            first.listen_until(lambda: bool(first.ids))
            first.drop()

        await in_thread(submit_and_fall)
        await settled(smsc)

        def bind_and_listen() -> None:
            second.bind("pw")
            second.listen_until(lambda: bool(second.receipts))
            second.close()

        await in_thread(bind_and_listen)

        assert [reference for reference, _ in second.receipts] == first.ids


async def test_a_receiver_hears_what_became_of_a_transmitters_messages() -> None:
    async with centre(receipts="tlv", unknown_tlvs=True) as smsc:
        sending, hearing = Customer(smsc.port), Customer(smsc.port)

        def talk() -> None:
            hearing.bind("pw", "receiver")
            sending.bind("pw", "transmitter")
            parts = sending.submit(number(), TEXT)
            sending.listen_until(lambda: len(sending.ids) == parts)
            hearing.listen_until(lambda: len(hearing.receipts) == parts)
            sending.close()
            hearing.close()

        await in_thread(talk)

        assert sorted(hearing.receipts) == sorted((reference, 2) for reference in sending.ids)
        assert sending.receipts == []


async def test_all_of_it_over_tls(tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=made)
    # smpplib does not tell TLS which name it has called.
    trusting.check_hostname = False
    async with centre(tls_cert=made, tls_key=key) as smsc:
        customer, to = Customer(smsc.port, trusting), number()

        def talk() -> None:
            customer.bind("pw")
            parts = customer.submit(to, TEXT)
            customer.listen_until(lambda: len(customer.receipts) == parts)
            customer.close()

        await in_thread(talk)

        assert [text["text"] for text in await smsc.texts(to)] == [TEXT]


async def settled(smsc: Centre) -> None:
    async with asyncio.timeout(LIMIT):
        while True:
            if (await smsc.stats())["waiting"]:
                return
            await asyncio.sleep(0.02)
