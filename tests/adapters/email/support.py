"""What the e-mail tests share: the simulated mail server, a channel to it, letters to send."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from adapters.channels import email
from adapters.channels.email import Settings
from adapters.simulators import email as simulator
from bot.demo.processes import free_port
from bot.model.message import OutboxItem, Outcome
from bot.model.person import Address
from tests.support.making import message

LOGIN, PASSWORD = "motcua", "m4il-t3st-password"
ANH = "anh.nguyen@khanhhoa.test"
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def settings_for(port: int, **changes: Any) -> Settings:
    ordinary = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "username": LOGIN,
        "password": SecretStr(PASSWORD),
        "sender": "Một cửa Khánh Hòa <motcua@khanhhoa.test>",
        "connect_timeout": 10,
        "response_timeout": 10,
    }
    return Settings.model_validate({**ordinary, **changes})


def item(to: str = ANH, text: str = "Hồ sơ H56.14-240823-0001 sắp đến hạn.", **changes: Any) -> OutboxItem:
    return message(channel="email", address=Address("email", to), text=text, **changes)


@dataclass
class Mail:
    """A running simulator."""

    port: int
    control: str
    http: ClientSession

    async def letters(self, to: str = "", *, wait: float = 0) -> list[dict[str, Any]]:
        return list(await self._get(f"letters?to={to}&wait={wait}"))

    async def letter(self, to: str = ANH) -> dict[str, Any]:
        """The only one that this mailbox has got."""
        [letter] = await self.letters(to, wait=5)
        return dict(letter)

    async def file(self, letter: dict[str, Any], number: int) -> bytes:
        async with self.http.get(f"{self.control}/letters/{letter['seq']}/files/{number}") as response:
            return await response.read()

    async def stats(self) -> dict[str, int]:
        return dict(await self._get("stats"))

    async def hang_up(self) -> None:
        async with self.http.post(f"{self.control}/hang-up") as response:
            assert response.status == 200

    async def _get(self, path: str) -> Any:
        async with self.http.get(f"{self.control}/{path}") as response:
            assert response.status == 200
            return await response.json()


@asynccontextmanager
async def running(**changes: Any) -> AsyncIterator[Mail]:
    port, control = free_port(), free_port()
    given = {"port": port, "control_port": control, "accounts": {LOGIN: PASSWORD}, **changes}
    ready = asyncio.Event()
    async with ClientSession() as http:
        serving = asyncio.create_task(simulator.run(simulator.Settings.model_validate(given), ready.set))
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([serving, waiting], timeout=20, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            yield Mail(port, f"http://127.0.0.1:{control}/_control", http)
        finally:
            for task in (serving, waiting):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(serving, waiting)


async def sent(port: int, *items: OutboxItem, **changes: Any) -> list[Outcome]:
    """What becomes of these, one after the other, over one channel."""
    async with email.open("mail", settings_for(port, **changes), clock=lambda: NOON) as channel:
        return [await channel.sender.send(each) for each in items]


@asynccontextmanager
async def scripted(*answers: bytes | None) -> AsyncIterator[int]:
    """A server that greets with the first answer and gives each line the next; None: it hangs up without a word,
    and so it does once there are no more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            for number, answer in enumerate(answers):
                if number:
                    await reader.readuntil(b".\r\n" if answers[number - 1] == b"354 go\r\n" else b"\r\n")
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
            else:
                await reader.readline()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()
        for _ in range(5):
            await asyncio.sleep(0)


def certificate(place: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate of this test, is not installed")
    made, key = place / "cert.pem", place / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-out", made, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key
