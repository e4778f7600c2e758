"""TLS to the SMSC: trust, names, our own certificate, and what an operator reads when something is wrong."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.channels import sms_smpp
from adapters.channels.sms_smpp import Settings, spec
from bot.model.errors import ChannelError
from bot.model.message import Accepted, ChannelDown
from tests.adapters.sms_smpp.support import (
    Script,
    certificate,
    free_port,
    item,
    opened,
    scripted,
    settings_for,
    wait_all,
)

ACCENTED = "Kính gửi ông/bà: hồ sơ đã có kết quả, mời đến nhận tại bộ phận Một cửa. " * 3


@pytest.fixture
def ours(tmp_path: Path) -> tuple[Path, Path]:
    """Certificate and key of the SMSC, for localhost and 127.0.0.1."""
    return certificate(tmp_path)


@asynccontextmanager
async def over_tls(files: tuple[Path, Path], *, clients: Path | None = None) -> AsyncIterator[Script]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    async with scripted(context) as smsc:
        yield smsc


def tls(port: int, **changes: object) -> Settings:
    return settings_for(port, tls=True, **changes)


async def checked(smsc: Script, settings: Settings) -> str:
    """What `check` says; the SMSC answers it."""
    checking = asyncio.create_task(sms_smpp.check(settings))
    handing = asyncio.create_task(smsc.bound())
    await asyncio.wait((checking, handing), return_when=asyncio.FIRST_COMPLETED)
    if handing.done():
        connection = handing.result()
        connection.send(spec.UNBIND_RESP, (await connection.expect(spec.UNBIND)).sequence)
    else:
        handing.cancel()
    try:
        return await checking
    finally:
        await asyncio.wait((handing,))
        gc.collect()


async def test_a_trusted_smsc_is_bound_to_and_texts_go_both_ways(ours: tuple[Path, Path]) -> None:
    async with over_tls(ours) as smsc, opened(tls(smsc.port, tls_ca=ours[0])) as channel:
        connection = await smsc.bound()
        sending = asyncio.create_task(channel.send(item(ACCENTED)))
        for number in range(4):
            connection.accept(await connection.submit(), str(number))

        assert await wait_all(sending) == [Accepted(("0", "1", "2", "3"))]
        smsc.hang_up()


async def test_check_says_that_it_spoke_tls(ours: tuple[Path, Path]) -> None:
    async with over_tls(ours) as smsc:
        assert "TLS" in await checked(smsc, tls(smsc.port, tls_ca=ours[0]))


async def test_a_certificate_that_nobody_vouches_for_is_told_and_nothing_stays_open(ours: tuple[Path, Path]) -> None:
    async with over_tls(ours) as smsc:
        with pytest.raises(ChannelError, match=r"certificate is not trusted: self.signed certificate"):
            await checked(smsc, tls(smsc.port))

        assert await checked(smsc, tls(smsc.port, tls_verify=False))


async def test_a_certificate_for_another_name_is_not_trusted(ours: tuple[Path, Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = certificate(elsewhere, names="DNS:smsc.example")
    async with over_tls(other) as smsc:
        with pytest.raises(ChannelError, match=r"certificate is not trusted: .*mismatch"):
            await checked(smsc, tls(smsc.port, tls_ca=other[0]))


async def test_the_trouble_of_the_channel_is_the_same_text(ours: tuple[Path, Path]) -> None:
    async with over_tls(ours) as smsc, opened(tls(smsc.port)) as channel:
        outcome = await channel.send(item())

        assert isinstance(outcome, ChannelDown)
        assert "chứng chỉ của tổng đài không đáng tin / the SMSC's certificate is not trusted" in outcome.reason


async def test_an_smsc_that_asks_who_we_are_gets_our_certificate(ours: tuple[Path, Path], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    client = certificate(mine)
    async with over_tls(ours, clients=client[0]) as smsc:
        assert await checked(smsc, tls(smsc.port, tls_ca=ours[0], tls_cert=client[0], tls_key=client[1]))
        with pytest.raises(ChannelError, match="tls_cert"):
            await sms_smpp.check(tls(smsc.port, tls_ca=ours[0]))


async def test_tls_to_a_port_in_the_clear_is_told() -> None:
    async def speak_smpp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"\0\0\0\x10\x80\0\0\0\0\0\0\3\0\0\0\0")
        writer.close()

    server = await asyncio.start_server(speak_smpp, "127.0.0.1", 0)
    async with server:
        with pytest.raises(ChannelError, match="no TLS handshake"):
            await sms_smpp.check(tls(server.sockets[0].getsockname()[1]))
        gc.collect()


async def test_a_port_that_never_answers_the_handshake_ends_in_time() -> None:
    async with scripted() as smsc:
        with pytest.raises(ChannelError, match="no connection and bind in time"):
            await sms_smpp.check(tls(smsc.port, bind_timeout=0.2))
        gc.collect()


@pytest.mark.parametrize("setting", ["tls_ca", "tls_cert"])
async def test_files_that_cannot_be_used_are_named_by_their_setting(setting: str, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("not a certificate", encoding="ascii")
    for path in (nonsense, tmp_path / "missing.pem"):
        with pytest.raises(ChannelError, match=setting) as refused:
            await sms_smpp.check(tls(free_port(), **{setting: path}))

        assert str(tmp_path) not in str(refused.value)


def test_a_key_without_its_certificate_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tls_cert"):
        tls(free_port(), tls_key=tmp_path / "key.pem")
