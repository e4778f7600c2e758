"""A client of raw PDUs for the simulated centre, and certificates for its TLS."""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, Splitter, pdu
from tests.adapters.sms_smpp.support import SOON, Centre

BIND = codec.encode_bind(codec.Bind("raw", "pw"))


class Client:
    """Raw PDUs to the centre."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._splitter = Splitter()
        self._frames: list[Frame] = []

    @classmethod
    async def connected(cls, smsc: Centre, tls: ssl.SSLContext | None = None) -> "Client":
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection("127.0.0.1", smsc.port, ssl=tls, server_hostname=name))

    async def ask(self, command: int, body: bytes = b"", sequence: int = 1) -> Frame:
        self._writer.write(pdu(command, sequence, body))
        return await self.read()

    async def read(self) -> Frame:
        """Raises EOFError where the centre hangs up."""
        async with asyncio.timeout(SOON):
            while not self._frames:
                try:
                    octets = await self._reader.read(65536)
                except ConnectionError:
                    octets = b""
                if not octets:
                    raise EOFError
                self._frames += self._splitter.feed(octets)
        return self._frames.pop(0)

    async def is_silent(self, seconds: float = 0.15) -> bool:
        """Whether nothing comes for a while, neither a PDU nor the end."""
        try:
            async with asyncio.timeout(seconds):
                await self.read()
        except TimeoutError:
            return True
        return False

    async def taken(self, command: int) -> Frame:
        """The next PDU, which is a delivery of this kind, answered with yes; so are questions whether we live."""
        while (frame := await self.read()).command == spec.ENQUIRE_LINK:
            self.write(pdu(spec.ENQUIRE_LINK_RESP, frame.sequence))
        assert frame.command == command, frame
        self.write(pdu(command | spec.RESPONSE, frame.sequence, b"\0"))
        return frame

    @property
    def broken(self) -> bool:
        """Whether the stream has come out of step."""
        return self._splitter.broken is not None

    def write(self, octets: bytes) -> None:
        self._writer.write(octets)

    def close(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def bound(smsc: Centre, command: int = spec.BIND_TRANSCEIVER, account: str = "raw") -> AsyncIterator[Client]:
    client = await Client.connected(smsc)
    try:
        answer = await client.ask(command, codec.encode_bind(codec.Bind(account, "pw")))
        assert answer.status == spec.OK
        yield client
    finally:
        client.close()


def submit(
    to: str = "84912345678",
    octets: bytes = b"Ho so",
    *,
    coding: int = 0,
    esm_class: int = 0,
    tlvs: dict[int, bytes] | None = None,
) -> bytes:
    """The body of a submit_sm that asks for a receipt."""
    return codec.encode_short_message(
        codec.ShortMessage(
            codec.Place(5, 0, "SOTNMT"),
            codec.Place(1, 1, to),
            octets,
            esm_class,
            coding,
            registered_delivery=1,
            tlvs=tlvs or {},
        )
    )


def certificate(place: Path) -> tuple[Path, Path]:
    """A certificate for localhost and 127.0.0.1 that vouches for itself, and its key."""
    if shutil.which("openssl") is None and "CI" not in os.environ:
        pytest.skip("openssl, which makes the certificate of this test, is not installed")
    made, key = place / "cert.pem", place / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", names, "-out", made, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key
