"""The examples of `deploy/proxy` before a running service, in real nginx and real Caddy: what comes through, and what
does not."""

import asyncio
import io
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.serving import serve_web
from tests.web.office import Visitor

PROXY = Path(__file__).parents[2] / "deploy" / "proxy"
NAME = "hoso.tinh.gov.vn"
MIB = 1 << 20
HERE, ELSEWHERE = "127.0.0.2", "127.0.0.3"
"""Addresses from which visitors come; the proxy itself speaks from 127.0.0.1."""
FORGED = "203.0.113.9"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of our own."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        reason = f"{name} is not installed (Debian: apt install {name}), so its example was not tried"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(frozen=True, slots=True)
class Ports:
    app: int
    http: int
    https: int


def nginx(folder: Path, tls: Path, ports: Ports) -> list[str]:
    """The command; the example with other paths, ports and one shorter patience."""
    text = (PROXY / "nginx.conf").read_text(encoding="utf-8")
    changes = {
        r"127\.0\.0\.1:8080;": f"127.0.0.1:{ports.app};",
        r"listen 80;": f"listen 127.0.0.1:{ports.http};",
        r"listen 443 ssl": f"listen 127.0.0.1:{ports.https} ssl",
        r" *listen \[::\].*\n": "",
        r"/etc/ssl/motcua": str(tls),
        r"/var/log/nginx": str(folder),
        r"client_header_timeout 10s": "client_header_timeout 1s",
    }
    for pattern, by in changes.items():
        text, times = re.subn(pattern, by, text)
        assert times, pattern
    (folder / "motcua.conf").write_text(text, encoding="utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;\n"
        f"events {{}}\nhttp {{\n{temporary}include {folder}/motcua.conf;\n}}\n"
    )
    return [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]


def caddy(folder: Path, tls: Path, ports: Ports) -> list[str]:
    text = (PROXY / "Caddyfile").read_text(encoding="utf-8")
    changes = {
        r"127\.0\.0\.1:8080 \{": f"127.0.0.1:{ports.app} {{",
        r"(?m)^\{\n": f"{{\n\tadmin off\n\thttp_port {ports.http}\n\thttps_port {ports.https}\n\tskip_install_trust\n",
        rf"(?m)^{re.escape(NAME)} \{{\n": f"{NAME} {{\n\tbind 127.0.0.1\n\ttls {tls}/fullchain.pem {tls}/privkey.pem\n",
        r"read_header 10s": "read_header 1s",
    }
    for pattern, by in changes.items():
        text, times = re.subn(pattern, lambda _, by=by: by, text, count=1)
        assert times, pattern
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    return [program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES = {"nginx": nginx, "caddy": caddy}


@dataclass(frozen=True, slots=True)
class House:
    """A service behind its proxy."""

    app: App
    ports: Ports
    stack: AsyncExitStack

    async def http(self, address: str = HERE, **headers: str) -> ClientSession:
        return await self.stack.enter_async_context(http_from(address, **headers))

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.ports.https}"

    @property
    def bare(self) -> str:
        """The service itself."""
        return f"http://127.0.0.1:{self.ports.app}"


def http_from(address: str, **headers: str) -> ClientSession:
    """A browser at this address of the loopback network."""
    no_check = ssl.create_default_context()
    no_check.check_hostname, no_check.verify_mode = False, ssl.CERT_NONE
    connector = TCPConnector(ssl=no_check, local_addr=(address, 0), resolver=_Loopback())
    return ClientSession(connector=connector, timeout=ClientTimeout(total=20), headers=headers)


class _Loopback(AbstractResolver):
    """All names lead to this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        return


@asynccontextmanager
async def service(ports: Ports, place: Path) -> AsyncIterator[tuple[App, AsyncExitStack]]:
    config = Config.model_validate(
        {
            "storage": {"url": "sqlite::memory:"},
            "web": {
                "port": ports.app, "behind_tls": True, "trusted_proxies": ["127.0.0.1/32", "::1/128"],
                "key_file": str(place / "web.key"), "network_per_minute": 4, "answer_wait": 0.0,
            },
            "channels": {"webchat": {"kind": "webchat"}},
        }
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(read_plan(config), migrate=True))
        await stack.enter_async_context(serve_web(app))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(app.run())
            try:
                yield app, stack
            finally:
                app.stop()


@asynccontextmanager
async def running(command: list[str], port: int, folder: Path) -> AsyncIterator[None]:
    """Until it listens, and until the block ends."""
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=said, stderr=said, env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        )
        try:
            async with asyncio.timeout(20):
                while not await listens(port):
                    assert process.returncode is None, (folder / "said").read_text()
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await asyncio.sleep(0.02)
        return False
    writer.close()
    return True


@pytest.fixture(params=list(PROXIES))
async def ports(request: pytest.FixtureRequest, tmp_path: Path, certificate: Path) -> AsyncIterator[Ports]:
    """Of a proxy that runs, with nothing behind it."""
    chosen = Ports(free_port(), free_port(), free_port())
    async with running(PROXIES[request.param](tmp_path, certificate, chosen), chosen.https, tmp_path):
        yield chosen


@pytest.fixture
async def house(ports: Ports, tmp_path: Path) -> AsyncIterator[House]:
    async with service(ports, tmp_path) as (app, stack):
        yield House(app, ports, stack)


async def networks(house: House) -> list[str]:
    """From where attempts to log in came, as the record has it."""
    entries = await house.app.storage.read(lambda tx: tx.audit.listed((), limit=10))
    return [str(each.after["network"]) for each in entries if each.what == "staff.refused"]


async def test_the_service_sees_the_visitors_own_address_whatever_the_visitor_says(house: House) -> None:
    visitor = Visitor(await house.http(HERE, **{"X-Forwarded-For": FORGED, "Forwarded": f"for={FORGED}"}), house.url)

    await visitor.come("/can-bo/dang-nhap")
    refused = await visitor.http.post(
        f"{house.url}/can-bo/dang-nhap", data={"login": "lan", "password": "x", "token": visitor.token, "tiep": "/"}
    )

    assert refused.status == 403
    assert await networks(house) == [HERE]


async def test_who_writes_too_much_is_slowed_down_under_any_name_and_nobody_else_is(house: House) -> None:
    statuses = []
    for number in range(4):
        visitor = Visitor(await house.http(HERE, **{"X-Forwarded-For": f"203.0.113.{number}"}), house.url)
        await visitor.come()
        statuses.append((await visitor.submit("xin chào")).status)
    neighbour = Visitor(await house.http(ELSEWHERE), house.url)
    await neighbour.come()

    assert statuses == [200, 200, 429, 429], "half of four a minute at once"
    assert (await neighbour.submit("xin chào")).status == 200


async def test_the_event_stream_of_the_chat_comes_through_as_it_is_written(house: House) -> None:
    visitor = Visitor(await house.http(), house.url)
    await visitor.come()

    async with visitor.stream() as stream:
        first = await stream.next()
        written = await visitor.post("/chat/messages", {"text": "xin chào", "id": "question-1"})
        assert written.status == 202, await written.text()
        answer = await stream.next_message()

    assert first == {"retry": "2000"}, "it came although the answer has not ended"
    assert "data" in answer


async def test_what_is_for_those_who_watch_is_not_for_the_public(house: House) -> None:
    http = await house.http()
    pages = ("/metrics", "/healthz", "/readyz")

    outside = [(await http.get(house.url + page)).status for page in pages]
    inside = [(await http.get(house.bare + page)).status for page in pages]

    assert outside == [404, 404, 404]
    assert inside == [200, 200, 200]


@pytest.mark.parametrize(
    ("path", "most"),
    [("/tra-cuu", 1), ("/webhooks/sms/dlr", 1), ("/api/v1/x", 9), ("/onestop/v1/x", 9), ("/can-bo/x", 64)],
)
async def test_no_more_of_a_body_reaches_the_service_than_the_place_allows(ports: Ports, path: str, most: int) -> None:
    came = 0

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        with suppress(ConnectionError):
            while read := await reader.read(MIB):
                came += len(read)
        writer.close()

    async with await asyncio.start_server(service, "127.0.0.1", ports.app):
        status = await status_of_body(ports, path, (most + 1) * MIB)

    assert status in (b"413", b"502", b""), "refused in words, or cut off"
    assert came < (most + 0.1) * MIB


async def test_what_is_allowed_arrives_whole(ports: Ports) -> None:
    arrived = asyncio.Event()

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: 20971520" in head.replace(b"content-length", b"Content-Length")
        await reader.readexactly(20 * MIB)
        arrived.set()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(service, "127.0.0.1", ports.app), http_from(HERE) as http:
        answer = await http.post(f"https://{NAME}:{ports.https}/can-bo/phat-tin", data=io.BytesIO(b"x" * 20 * MIB))

    assert answer.status == 204
    assert arrived.is_set()


async def status_of_body(ports: Ports, path: str, length: int) -> bytes:
    """What is answered to a body that does not say its length; empty: nothing before the line is cut."""
    reader, writer = await connection(ports)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    answer = asyncio.ensure_future(reader.readline())
    block = b"%x\r\n%b\r\n" % (256 * 1024, b"x" * 256 * 1024)
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(20):
            for _ in range(0, length, 256 * 1024):
                if answer.done():
                    break
                writer.write(block)
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            await asyncio.wait([answer])
    writer.close()
    with suppress(ConnectionError):
        line = await answer
        return line.split(b" ")[1] if line else b""
    return b""


async def connection(ports: Ports) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return await asyncio.open_connection("127.0.0.1", ports.https, ssl=context, server_hostname=NAME)


async def test_who_sends_a_request_slowly_is_let_go(ports: Ports) -> None:
    reader, writer = await connection(ports)

    writer.write(b"GET / HTTP/1.1\r\nHost: hoso")
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()

    assert not answer or b" 408 " in answer.splitlines()[0] or b" 400 " in answer.splitlines()[0]


async def test_plain_http_leads_to_https_and_browsers_are_told_to_stay_there_once(house: House) -> None:
    http = await house.http()

    plain = await http.get(f"http://{NAME}:{house.ports.http}/?ma=1", allow_redirects=False)
    page = await http.get(f"{house.url}/")

    assert plain.status in (301, 308)
    assert plain.headers["Location"].startswith(f"https://{NAME}")
    assert page.headers.getall("Strict-Transport-Security") == ["max-age=31536000"]
    assert "__Host-motcua" in page.cookies


async def test_nothing_of_an_address_is_written_down_nor_while_the_service_is_away(
    ports: Ports, tmp_path: Path
) -> None:
    letter, page = "/can-bo/loi-moi/a-secret-letter", "/?ma=H56.14-251103-0042"
    url = f"https://{NAME}:{ports.https}"

    async with http_from(HERE) as http:
        away = [(await http.get(url + path)).status for path in (letter, page)]
        async with service(ports, tmp_path):
            there = [(await http.get(url + path)).status for path in (letter, page)]

    assert (away, there) == ([502, 502], [404, 200])
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in ("", ".log")]
    assert kept
    for path in kept:
        text = path.read_bytes()
        assert [each for each in (b"a-secret-letter", b"251103-0042", HERE.encode()) if each in text] == [], path
