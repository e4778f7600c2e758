"""What systemd is told, over real datagram sockets: by the command itself, and when a job or the event loop hangs."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.demo.processes import free_port
from bot.supervision import Supervisor
from tests.flows.reloading import house


class Systemd:
    """The end of the line at which systemd listens."""

    def __init__(self, listening: socket.socket, address: str) -> None:
        self._listening = listening
        self.address = address
        self.heard: list[dict[str, str]] = []

    async def next(self) -> dict[str, str]:
        async with asyncio.timeout(30):
            raw = await asyncio.get_running_loop().sock_recv(self._listening, 4096)
        self.heard.append(dict(line.split("=", 1) for line in raw.decode().split("\n")))
        return self.heard[-1]

    async def until(self, word: str) -> dict[str, str]:
        """The next that says it."""
        while word not in (told := await self.next()):
            pass
        return told

    def pending(self) -> list[bytes]:
        """What has come by now."""
        found = []
        while True:
            try:
                found.append(self._listening.recv(4096))
            except BlockingIOError:
                return found


@contextmanager
def systemd(address: str) -> Iterator[Systemd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        listening.setblocking(False)
        yield Systemd(listening, address)


def configuration(place: Path, port: int, office: str = "Office 0") -> None:
    (place / "config.toml").write_text(
        f"""
[storage]
url = "sqlite:{place}/motcua.db"
[web]
port = {port}
office = "{office}"
key_file = "{place}/web.key"
[channels.webchat]
kind = "webchat"
""",
        "utf-8",
    )


async def asked(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.text()


async def test_the_command_tells_when_it_is_ready_reloads_and_stops(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    configuration(tmp_path, port)
    with systemd(f"{tmp_path}/notify") as line:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--migrate", "--config", str(tmp_path / "config.toml"),
            env=os.environ | {"NOTIFY_SOCKET": line.address, "WATCHDOG_USEC": "300000"}, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        starting = await line.next()
        await line.until("READY")
        ready, alive = await asked(f"{url}/readyz"), await line.until("WATCHDOG")

        (tmp_path / "config.toml").write_text("[web]\nprot = 1\n", "utf-8")
        program.send_signal(signal.SIGHUP)
        await line.until("RELOADING")
        refused = await line.until("READY")
        old = (await asked(f"{url}/"))[1]

        configuration(tmp_path, port, "Office 1")
        began = time.monotonic_ns() // 1000
        program.send_signal(signal.SIGHUP)
        reloading = await line.until("RELOADING")
        reloaded = await line.until("READY")
        new = (await asked(f"{url}/"))[1]

        program.send_signal(signal.SIGTERM)
        stopping = await line.until("STOPPING")
        _, errors = await program.communicate()

    assert "READY" not in starting
    assert ready == (200, "ready\n")
    assert alive["WATCHDOG"] == "1"
    assert "bản cũ" in refused["STATUS"]
    assert "Office 0" in old
    assert began <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert "running" in reloaded["STATUS"]
    assert "Office 1" in new
    assert stopping["STOPPING"] == "1"
    assert program.returncode == 0
    assert b"prot" in errors
    assert b"Traceback" not in errors


async def test_while_a_job_stands_still_the_watchdog_is_not_fed(tmp_path: Path) -> None:
    with systemd(f"@motcua-test-{os.getpid()}") as line:
        async with house(tmp_path, supervisor=Supervisor(line.address, watchdog=0.1)) as here:
            app = here.process.app
            assert app
            await line.until("WATCHDOG")
            (sweeping,) = (each for each in asyncio.all_tasks() if getattr(each.get_coro(), "__name__", "") == "sweep")
            sweeping.cancel()
            await asyncio.wait([sweeping])
            app.beats._pulses["sweeper"].at -= 125
            while "sweeper" not in (await line.next()).get("STATUS", ""):
                pass
            await asyncio.sleep(0.3)
            fed = [each for each in line.pending() if b"WATCHDOG" in each]
            health = await asked(f"{here.url}/healthz")
            ready = await asked(f"{here.url}/readyz")
            app.beats.end("sweeper")
            await line.until("WATCHDOG")

    assert fed == []
    assert health == (503, "still: sweeper\n")
    assert ready == (503, "still: sweeper\n")


async def test_an_event_loop_that_hangs_feeds_no_watchdog(tmp_path: Path) -> None:
    """A process that blocks its loop after the third sign of life."""
    text = """
import asyncio, sys, time
from bot.supervision import Supervisor
async def work():
    feeding = asyncio.create_task(Supervisor.of().keep(tuple, lambda: None))
    await asyncio.sleep(0.5)
    print("hangs", flush=True)
    time.sleep(60)
asyncio.run(work())
"""
    with systemd(f"{tmp_path}/notify") as line:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", text, stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"NOTIFY_SOCKET": line.address, "WATCHDOG_USEC": "200000"},
        )  # fmt: skip
        assert program.stdout
        await program.stdout.readline()
        before = line.pending()
        await asyncio.sleep(0.5)
        after = line.pending()
        program.kill()
        await program.wait()

    assert len(before) >= 3
    assert after == []


@pytest.mark.parametrize(
    ("environment", "watchdog"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_only_the_process_that_is_meant_feeds_the_watchdog(environment: dict[str, str], watchdog: float) -> None:
    assert Supervisor.of(environment, pid=7).watchdog == watchdog


async def test_a_status_is_one_line_and_nobody_who_listens_is_no_mistake(tmp_path: Path) -> None:
    with systemd(f"{tmp_path}/notify") as line:
        Supervisor(line.address).ready(("một\nREADY=0", "one"))
        told = await line.next()
    Supervisor(f"{tmp_path}/nobody").ready(("một", "one"))
    Supervisor().ready(("một", "one"))

    assert told == {"READY": "1", "STATUS": "một READY=0 / one"}
