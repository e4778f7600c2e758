"""The same protocol in somebody else's hands: smpplib reads what our client writes, and answers it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import smpplib.client
import smpplib.consts
import smpplib.smpp

from bot.model.message import Accepted, DeliveryState
from bot.model.sms import segment
from tests.adapters.sms_smpp.support import PASSWORD, item, opened, settings_for

TEXT = "Hồ sơ H56.14-240823-0001 đã có kết quả, mời ông/bà đến nhận tại bộ phận Một cửa của phường."
QUESTION = "Cảm ơn, tôi đến được không?"


class Exchange(smpplib.client.Client):  # type: ignore[misc]
    """An SMSC made of smpplib's own PDUs: takes a bind and submits, sends a receipt for each, and one message."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__("127.0.0.1", 0, allow_unknown_opt_params=True)
        self._listening = listening
        self.seen: list[tuple[str, dict[str, object]]] = []

    def serve(self) -> None:
        connection, _ = self._listening.accept()
        connection.settimeout(5)
        self._socket = connection
        with connection:
            while self._take(self.read_pdu()):
                pass
        del self._socket

    def _take(self, pdu: smpplib.smpp.command.Command) -> bool:
        self.seen.append((pdu.command, {name: getattr(pdu, name, None) for name in pdu.params}))
        if pdu.command == "bind_transceiver":
            self._write("bind_transceiver_resp", pdu.sequence, system_id="peer")
            self._write(
                "deliver_sm", 900, source_addr="84987654321", destination_addr="8041", source_addr_ton=1,
                data_coding=8, short_message=QUESTION.encode("utf-16-be"),
            )  # fmt: skip
        elif pdu.command == "submit_sm":
            number = len(self.seen)
            self._write("submit_sm_resp", pdu.sequence, message_id=f"peer-{number}")
            self._write(
                "deliver_sm", 1000 + number, source_addr=pdu.destination_addr.decode(),
                destination_addr=pdu.source_addr.decode(),
                esm_class=4, receipted_message_id=f"peer-{number}", message_state=2,
                short_message=b"id:peer-%d sub:001 dlvrd:001 stat:DELIVRD err:000 text:" % number,
            )  # fmt: skip
        elif pdu.command == "unbind":
            self._write("unbind_resp", pdu.sequence)
            return False
        return True

    def _write(self, command: str, sequence: int, **fields: object) -> None:
        pdu = smpplib.smpp.make_pdu(command, client=self, **fields)
        pdu.sequence = sequence
        self._socket.sendall(pdu.generate())


@contextmanager
def peer() -> Iterator[tuple[Exchange, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        exchange = Exchange(listening)
        thread = threading.Thread(target=exchange.serve)
        thread.start()
        try:
            yield exchange, listening.getsockname()[1]
        finally:
            thread.join(10)
            assert not thread.is_alive()


async def test_smpplib_understands_our_client_and_we_understand_it() -> None:
    with peer() as (exchange, port):
        async with opened(settings_for(port, reference_tlv=None)) as ours:
            sent = item(TEXT, to="+84912345678")

            outcome = await ours.send(sent)
            parts = segment(TEXT).parts
            await ours.events.until(lambda events: len(events.receipts) == len(parts) and bool(events.messages))

    assert isinstance(outcome, Accepted)
    assert [receipt.reference for receipt in ours.events.receipts] == list(outcome.references)
    assert {receipt.state for receipt in ours.events.receipts} == {DeliveryState.DELIVERED}
    [question] = ours.events.messages
    assert (question.sender.value, question.text) == ("+84987654321", QUESTION)

    bind = next(fields for command, fields in exchange.seen if command == "bind_transceiver")
    assert (bind["system_id"], bind["password"]) == (b"motcua", PASSWORD.encode())
    submits = [fields for command, fields in exchange.seen if command == "submit_sm"]
    assert len(submits) == len(parts)
    for fields, text in zip(submits, parts, strict=True):
        assert (fields["source_addr"], fields["source_addr_ton"]) == (b"SOTNMT", 5)
        assert (fields["destination_addr"], fields["dest_addr_ton"]) == (b"84912345678", 1)
        assert (fields["esm_class"], fields["data_coding"], fields["registered_delivery"]) == (0x40, 8, 1)
        octets = fields["short_message"]
        assert isinstance(octets, bytes)
        assert octets[6:].decode("utf-16-be") == text
    answered = [command for command, _ in exchange.seen if command == "deliver_sm_resp"]
    assert len(answered) == len(parts) + 1
