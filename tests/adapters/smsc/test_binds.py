"""Transmitters, receivers and transceivers side by side, over TLS, and what query_sm tells them."""

import ssl
from pathlib import Path

import pytest

from adapters.channels.sms_smpp import codec, spec
from tests.adapters.sms_smpp.support import centre, number
from tests.adapters.smsc.support import BIND, Client, bound, certificate, submit

ENROUTE = 1


async def test_a_transmitter_gets_no_deliveries_and_a_receiver_gets_them() -> None:
    async with (
        centre() as smsc,
        bound(smsc, spec.BIND_TRANSMITTER) as transmitter,
        bound(smsc, spec.BIND_RECEIVER) as receiver,
    ):
        assert (await transmitter.ask(spec.SUBMIT_SM, submit(), 2)).status == spec.OK
        assert (await receiver.ask(spec.SUBMIT_SM, submit(), 2)).status == spec.INVALID_BIND_STATUS

        assert (await receiver.taken(spec.DELIVER_SM)).command == spec.DELIVER_SM
        assert (await transmitter.ask(spec.ENQUIRE_LINK)).command == spec.ENQUIRE_LINK_RESP


async def test_deliveries_wait_while_an_account_has_transmitters_only() -> None:
    async with centre() as smsc, bound(smsc, spec.BIND_TRANSMITTER) as transmitter:
        await transmitter.ask(spec.SUBMIT_SM, submit(), 2)
        assert await transmitter.is_silent()
        assert (await smsc.stats())["waiting"] == 1

        async with bound(smsc, spec.BIND_RECEIVER) as receiver:
            await receiver.taken(spec.DELIVER_SM)


async def test_deliveries_never_go_to_another_account() -> None:
    async with centre() as smsc, bound(smsc, account="one") as one, bound(smsc, account="two") as two:
        await one.ask(spec.SUBMIT_SM, submit(), 2)
        await one.taken(spec.DELIVER_SM)
        assert await two.is_silent()

        # A citizen's message goes to the account that bound last.
        await smsc.write(number(), "HS 8041")
        await two.taken(spec.DELIVER_SM)
        assert await one.is_silent()


async def test_two_links_of_an_account_share_its_deliveries() -> None:
    async with centre(deliver_window=1) as smsc, bound(smsc) as first, bound(smsc) as second:
        for sequence in (2, 3):
            assert (await first.ask(spec.SUBMIT_SM, submit(), sequence)).status == spec.OK

        # Neither has answered, and each may have one.
        assert (await first.read()).command == spec.DELIVER_SM
        assert (await second.read()).command == spec.DELIVER_SM


async def test_tls_is_spoken_where_there_is_a_certificate(tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    async with centre(tls_cert=made, tls_key=key) as smsc:
        client = await Client.connected(smsc, ssl.create_default_context(cafile=made))
        assert (await client.ask(spec.BIND_TRANSCEIVER, BIND)).status == spec.OK

        assert (await client.ask(spec.SUBMIT_SM, submit(), 2)).status == spec.OK
        assert (await client.taken(spec.DELIVER_SM)).command == spec.DELIVER_SM
        await smsc.drop()
        with pytest.raises(EOFError):
            await client.read()
        client.close()


async def test_a_client_that_speaks_in_the_clear_gets_nothing_from_a_tls_port(tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    async with centre(tls_cert=made, tls_key=key) as smsc:
        client = await Client.connected(smsc)

        with pytest.raises(EOFError):
            await client.ask(spec.BIND_TRANSCEIVER, BIND)
        client.close()


def query(message_id: str, source: str = "SOTNMT") -> bytes:
    return codec.encode_query(codec.Query(message_id, codec.Place(5, 0, source)))


async def test_a_query_tells_where_a_message_stands() -> None:
    async with centre(delay=0.05) as smsc, bound(smsc) as client:
        for ending, state, error in (("7777", spec.DELIVERED, 0), ("0002", spec.UNDELIVERABLE, 11)):
            taken = await client.ask(spec.SUBMIT_SM, submit(number(ending)[1:]), 2)
            message_id = codec.first_text(taken.body)

            before = codec.decode_queried((await client.ask(spec.QUERY_SM, query(message_id), 3)).body)
            await client.taken(spec.DELIVER_SM)
            after = codec.decode_queried((await client.ask(spec.QUERY_SM, query(message_id, ""), 4)).body)

            assert before == (message_id, "", ENROUTE, 0)
            assert (after.message_id, after.state, after.error) == (message_id, state, error)
            assert after.final_date.endswith("00+")


async def test_a_query_for_what_one_never_sent_fails() -> None:
    async with centre() as smsc, bound(smsc, account="one") as one, bound(smsc, account="two") as two:
        message_id = codec.first_text((await one.ask(spec.SUBMIT_SM, submit(), 2)).body)

        for client, asked in ((one, query("17")), (one, query(message_id, "8041")), (two, query(message_id))):
            answer = await client.ask(spec.QUERY_SM, asked, 3)
            while answer.command == spec.DELIVER_SM:
                answer = await client.read()
            assert (answer.command, answer.status) == (spec.QUERY_SM_RESP, spec.QUERY_FAILED)


async def test_a_centre_without_queries_does_not_know_the_command() -> None:
    async with centre(query=False) as smsc, bound(smsc) as client:
        answer = await client.ask(spec.QUERY_SM, query("1"), 3)

        assert (answer.command, answer.status) == (spec.GENERIC_NACK, spec.INVALID_COMMAND)
