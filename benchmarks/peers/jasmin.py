"""Jasmin with its daemons, Redis and RabbitMQ, all of its own: nothing that runs on this machine is touched.

Release 0.11.1 loses the receipts of what HTTP brought in: it asks the submit for the answer that its response has
(issue 1236 of jookies/jasmin). A copy that is made for each run has those two lines put right, or else no receipt would
ever be called back. It looks for the message of a receipt anew each second rather than twice in twenty: else those are
lost that come before it has written down whose they are. Another row has the prefetch of its queue raised from 1 to
100, which makes it more than twice as fast.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.peers.stage import TEXT, Centre, Figures, by_http, listening, phone, process
from bot.demo.processes import free_ports

RELEASED, RAISED = 1, 100
"""Messages that its sender takes from the queue at a time."""
_PROGRAMS = ("redis-server", "rabbitmq-server", "epmd")
_RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_LISTENERS, _CLIENTS = Path("managers/listeners.py"), Path("managers/clients.py")
_DAEMONS = ("jasmind", "dlrlookupd", "dlrd")
_CONFIG = """
[amqp-broker]
port = {rabbit}
spec = {spec}
[redis-client]
port = {redis}
[http-api]
bind = 127.0.0.1
port = {http}
[jcli]
port = {jcli}
authentication = False
[router]
bind = 127.0.0.1
port = {router}
store_path = {place}/store
[client-management]
bind = 127.0.0.1
port = {clients}
store_path = {place}/store
[smpp-server]
bind = 127.0.0.1
port = {smpp}
[smpp-server-pb]
bind = 127.0.0.1
port = {smpp_pb}
[smpp-server-pb-client]
port = {smpp_pb}
[dlr]
dlr_lookup_retry_delay = 1
dlr_lookup_max_retries = 20
"""
_ASKED = """group -a
gid bench
ok
user -a
uid bench
gid bench
username bench
password bench
ok
smppccm -a
cid bench
host 127.0.0.1
port {centre}
username bench
password bench
submit_throughput 0
src_ton 5
src_npi 0
dst_ton 1
dst_npi 1
ok
mtrouter -a
type DefaultRoute
connector smppc(bench)
rate 0
ok
smppccm -1 bench
"""


def missing(venv: Path | None) -> str:
    """What is not installed; empty where all is."""
    if venv is None:
        return "--jasmin FOLDER (a virtual environment with jasmin==0.11.1)"
    absent = [name for name in _PROGRAMS if shutil.which(name, path=_path()) is None]
    return ", ".join(absent) or ("" if _package(venv) else f"jasmin in {venv}")


def _package(venv: Path) -> Path | None:
    return next(iter(venv.glob("lib/python3*/site-packages/jasmin")), None)


def _specification(venv: Path) -> Path:
    return next(venv.glob("lib/python3*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml"))


def mended(venv: Path, place: Path, prefetch: int) -> Path:
    """A copy of the package, to stand before the installed one."""
    package = _package(venv)
    assert package
    copy = place / "mended" / "jasmin"
    shutil.copytree(package, copy)
    _put(copy / _LISTENERS, "_pdu.response", "r.response", times=5)
    _put(copy / _CLIENTS, "prefetch_count=1)", f"prefetch_count={prefetch})", times=1)
    return copy.parent


def _put(path: Path, old: str, new: str, *, times: int) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    of_receipts = [at for at, line in enumerate(lines) if old in line and (times == 1 or _is_of_receipts(lines, at))]
    if sum(lines[at].count(old) for at in of_receipts) != times:
        raise RuntimeError(f"{path.name} is not that of Jasmin 0.11.1")
    for at in of_receipts:
        lines[at] = lines[at].replace(old, new)
    path.write_text("".join(lines), encoding="utf-8")


def _is_of_receipts(lines: list[str], at: int) -> bool:
    return "DLR(pdu_type" in lines[at] or "smpp_msgid=" in lines[at]


@dataclass(frozen=True, slots=True)
class Jasmin:
    http: int
    pids: tuple[int, ...]


@asynccontextmanager
async def running(venv: Path, place: Path, at: Centre, prefetch: int) -> AsyncIterator[Jasmin]:
    redis, rabbit, distribution, names, http, jcli, router, clients, smpp, smpp_pb = free_ports(10)
    async with AsyncExitStack() as stack:

        async def start(*words: str | Path, env: dict[str, str] | None = None) -> int:
            log = place / f"{Path(words[1 if len(words) > 1 and str(words[1]).endswith('.py') else 0]).stem}.log"
            started = process(*words, log=log, env={**os.environ, "PATH": _path(), **(env or {})}, cwd=place)
            return (await stack.enter_async_context(started)).pid

        pids = [await start("redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--dir", str(place))]
        await listening(redis)
        pids.append(await start("epmd", "-port", str(names), "-address", "127.0.0.1"))
        pids.append(await start(_RABBIT, env=_rabbit_environment(place, rabbit, distribution, names)))
        await listening(rabbit, 90)
        ports = {"router": router, "clients": clients, "smpp": smpp, "smpp_pb": smpp_pb}
        spec = _specification(venv)
        (place / "store").mkdir()
        config = place / "jasmin.cfg"
        config.write_text(
            _CONFIG.format(place=place, rabbit=rabbit, redis=redis, http=http, jcli=jcli, spec=spec, **ports)
        )
        environment = {"PYTHONPATH": str(mended(venv, place, prefetch)), "LOG_PATH": str(place)}
        for name in _DAEMONS:
            program = (venv / "bin" / "python", venv / "bin" / f"{name}.py")
            pids.append(await start(*program, "-c", config, *_identity(name, place), env=environment))
            if name == "jasmind":
                await listening(jcli, 60)
                await listening(http, 60)
        await _configured(jcli, at)
        yield Jasmin(http, tuple(pids))


def _identity(name: str, place: Path) -> tuple[str, ...]:
    """Its daemons keep others of the same id away, of the whole machine."""
    return () if name == "jasmind" else ("-i", place.name)


def _rabbit_environment(place: Path, port: int, distribution: int, names: int) -> dict[str, str]:
    return {
        "HOME": str(place),
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(place / "rabbit"),
        "RABBITMQ_LOG_BASE": str(place / "rabbit-log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "plugins"),
        "RABBITMQ_PID_FILE": str(place / "rabbit.pid"),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }


async def _configured(jcli: int, at: Centre) -> None:
    """By its own console, until its link to the centre is bound."""
    reader, writer = await asyncio.open_connection("127.0.0.1", jcli)
    # It shows its prompt once it has been spoken to.
    writer.write(b"\r\n")
    await _heard(reader, b"jcli : ")
    for line in _ASKED.format(centre=at.port).splitlines():
        writer.write(f"{line}\r\n".encode())
        await _heard(reader, b"jcli : " if line == "ok" or " -1 " in line else b"> ")
    for _ in range(100):
        writer.write(b"smppccm -l\r\n")
        if "started BOUND" in " ".join((await _heard(reader, b"jcli : ")).split()):
            writer.close()
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("Jasmin's link to the centre was not bound")


async def _heard(reader: asyncio.StreamReader, end: bytes) -> str:
    said = b""
    try:
        async with asyncio.timeout(15):
            while not said.endswith(end):
                said += await reader.read(4096)
    except TimeoutError:
        raise RuntimeError(f"Jasmin's console said {said!r} and not {end!r}") from None
    return said.decode(errors="replace")


def requests(count: int, sink: int) -> list[str]:
    """`dlr-level=2`: a callback for the receipt alone."""
    back = quote(f"http://127.0.0.1:{sink}/dlr", safe="")
    fixed = (
        f"username=bench&password=bench&from=8041&content={quote(TEXT)}"
        f"&dlr=yes&dlr-level=2&dlr-method=GET&dlr-url={back}"
    )
    return [f"GET /send?{fixed}&to=84{phone(number)[1:]} HTTP/1.1\r\nHost: jasmin\r\n\r\n" for number in range(count)]


async def run(venv: Path, place: Path, at: Centre, count: int, prefetch: int) -> Figures:
    sink = free_ports(1)[0]
    async with running(venv, place, at, prefetch) as jasmin:
        return await by_http(at, jasmin.http, requests(count, sink), roots=jasmin.pids, sink=sink, good="200")


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/rabbitmq/bin"
