"""E-mail with its simulated mail server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.channels import email
from adapters.simulators import email as simulator
from bot.demo.processes import free_ports
from bot.model.person import Address
from tests.contract.channels import PATIENCE, Bench, nobody, running

PASSWORD = "m4il-0f-th3-0ff1ce"


@asynccontextmanager
async def email_bench(
    place: Path, *, password: str = PASSWORD, door_open: bool = True, patience: float = PATIENCE
) -> AsyncIterator[Bench]:
    port, control = free_ports(2)
    secret = place / "mail-password"
    secret.write_text(password, encoding="utf-8")
    settings = email.Settings.model_validate(
        {
            "host": "127.0.0.1", "port": port, "security": "none", "username": "motcua", "password": f"file:{secret}",
            "sender": "Một cửa <motcua@khanhhoa.test>", "response_timeout": patience,
        }
    )  # fmt: skip
    server = simulator.Settings(port=port, control_port=control, accounts={"motcua": PASSWORD})
    provider = running(lambda ready: simulator.run(server, ready)) if door_open else nobody()
    # However long a text is, it is one letter: the channel has another name than those that cut.
    async with provider, email.open("mail", settings) as channel:
        good, rejected, throttled, silent = (
            Address("email", f"chi.lan.{ending}@khanhhoa.test") for ending in ("7777", "0001", "0006", "0008")
        )
        yield Bench(channel, good, rejected, throttled, silent)
