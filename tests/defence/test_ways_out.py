"""Addresses that somebody else chose: a call goes to the open net or nowhere, and to no place that an answer names."""

import ast
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.callbacks import Door, callback_door, is_public
from bot.api_settings import ApiSettings
from bot.callbacks import objection_to
from tests.web.api.receiver import Receiver, open_receiver

WITHIN = [
    "fec0::1", "feff::1", "2001:4860::5efe:127.0.0.1", "2001:4860::200:5efe:10.0.0.1", "64:ff9b:1::7f00:1",
    "::ffff:0:7f00:1", "0:0:0:0:0:ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:a9fe:a9fe::1", "127.0.0.1%lo",
    "fe80::1%25eth0", "100.100.100.200", "192.0.0.1", "0.1.2.3", "2001::80ff:fffe",
]  # fmt: skip
SPELLINGS = [
    # Decimal, octal, hexadecimal, short, and mixed.
    "2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.01", "0", "0x0", "00000000",
    # Names that mean this machine, or a provider's own.
    "localhost", "localhost.", "LOCALHOST", "localhost.localdomain", "ip6-localhost",
    # Letters that a library might turn into digits and dots.
    "１２７.0.0.1", "127。0。0。1", "①②⑦.⓪.⓪.①", "127.0.0.1.",
    "%31%32%37.0.0.1", "127%2e0.0.1",
    "[::ffff:127.0.0.1]", "[::1%25lo]", "[0:0:0:0:0:0:0:1]", "[::]",
]  # fmt: skip
TRICKS = [
    "https://good.example.vn@127.0.0.1:{port}/", "https://127.0.0.1:{port}#@good.example.vn/", "https://127.0.0.1:{port}\\@good.vn/",
    "https://good.example.vn:pw@127.0.0.1:{port}/", "https://127.0.0.1%2f:{port}/", "https://127.0.0.1:{port}%40good.vn/",
    "https:127.0.0.1:{port}/", "https:///127.0.0.1:{port}/", "https://\t127.0.0.1:{port}/", "https://127.0.0.1:0{port}/",
    "HTTPS://127.0.0.1:{port}/", "https://good.example.vn\r\nHost: a:{port}/",
]  # fmt: skip


class Names(AbstractResolver):
    """A name server in a stranger's hand."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ResolveResult(hostname=host, host=answer, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.fixture
async def inside() -> AsyncIterator[Receiver]:
    """A machine of our own network, which must not be called."""
    async with open_receiver() as opened:
        yield opened


def port_of(receiver: Receiver) -> int:
    return int(receiver.url.rsplit(":", 1)[1].split("/")[0])


async def word_of(door: Door, url: str) -> str:
    return (await door.call(url, b"{}", {})).word


@pytest.mark.parametrize("address", WITHIN)
def test_what_stands_for_an_inner_address_is_inner(address: str) -> None:
    assert not is_public(address)


async def test_no_spelling_of_this_machine_is_called(inside: Receiver) -> None:
    port = port_of(inside)
    async with callback_door(ports=(port,), timeout=2.0) as door:
        words = {host: await word_of(door, f"https://{host}:{port}/") for host in SPELLINGS}
        tricks = {url: await word_of(door, url.format(port=port)) for url in TRICKS}

    assert set(words.values()) <= {"address", "unreachable", "broken"}, words
    assert set(tricks.values()) <= {"address", "unreachable", "broken"}, tricks
    assert inside.heard == []


async def test_a_name_that_changes_its_mind_between_two_calls_is_asked_each_time(inside: Receiver) -> None:
    """The first answer is out in the net, which tests cannot reach; the next is inside. None is kept."""
    port = port_of(inside)
    async with callback_door(ports=(port,), timeout=2.0, names=Names("203.113.131.1", "127.0.0.1")) as door:
        words = [await word_of(door, f"https://hook.example.vn:{port}/") for _ in range(3)]

    assert words[0] in ("broken", "unreachable")
    assert words[1:] == ["address"] * 2
    assert inside.heard == []


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_where_an_answer_points_to_is_not_gone_to(inside: Receiver, status: int) -> None:
    async with open_receiver() as outside:
        outside.answers, outside.headers = [status], {"Location": inside.url, "Refresh": f"0; url={inside.url}"}
        async with callback_door(ports=(443,), timeout=2.0, is_open_to_private=True) as door:
            called = await door.call(outside.url, b"{}", {})

    assert (called.status, called.is_taken) == (status, False)
    assert (len(outside.heard), inside.heard) == (1, [])


async def test_a_proxy_of_the_environment_learns_nothing(inside: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = inside.url.removesuffix("/hook")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)

    async with open_receiver() as outside, callback_door(ports=(443,), timeout=2.0, is_open_to_private=True) as door:
        called = await door.call(outside.url, b"{}", {})

    assert (called.status, len(outside.heard)) == (204, 1)
    assert inside.heard == []


async def test_an_answer_without_end_is_not_read(inside: Receiver) -> None:
    inside.headers = {"X-Long": "a" * 100_000}
    async with callback_door(ports=(443,), timeout=2.0, is_open_to_private=True) as door:
        called = await door.call(inside.url, b"{}", {})

    assert called.word == "unreachable"


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://hook.example.vn/a", ""),
        ("https://hook.example.vn:8443/a", ""),
        ("https://hook.example.vn:22/a", "port"),
        ("https://hook.example.vn:0/a", "port"),
        ("http://hook.example.vn/a", "not_https"),
        ("gopher://hook.example.vn/a", "not_https"),
        ("https://lan@hook.example.vn/a", "login"),
        ("https://hook.example.vn/a b", "not_url"),
        ("https://hook.example.vn:99999/", "not_url"),
        ("https://mộtcửa.vn/", "not_url"),
        ("https://" + "a" * 500 + ".vn/", "not_url"),
        ("//hook.example.vn/", "not_https"),
    ],
)
def test_an_address_is_objected_to_when_it_is_given(url: str, word: str) -> None:
    assert objection_to(url, ApiSettings()) == word


CODE = [path for folder in ("adapters", "bot", "storage") for path in Path(folder).rglob("*.py")]
OURS = [path for path in CODE if not {"simulators", "demo"} & set(path.parts)]


def test_no_call_of_ours_trusts_the_environment_or_follows_by_itself() -> None:
    """Where a session is opened, every request says that it follows nothing."""
    opening = [path for path in OURS if "ClientSession(" in path.read_text(encoding="utf-8")]
    requests = ("get", "post", "put", "request")
    wrong = []
    for path in opening:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            given = {each.arg: ast.unparse(each.value) for each in call.keywords}
            of_session = re.search(r"session|http", ast.unparse(call.func.value)) and call.func.attr in requests
            if given.get("trust_env", "False") != "False" or (of_session and given.get("allow_redirects") != "False"):
                wrong.append(f"{path}:{call.lineno}")

    assert len(opening) >= 5
    assert wrong == []


def test_every_place_that_opens_a_session_is_named_in_the_threat_model() -> None:
    model = Path("docs/threat-model.md").read_text(encoding="utf-8")
    opening = [str(path) for path in OURS if "ClientSession(" in path.read_text(encoding="utf-8")]

    assert [path for path in opening if f"`{path}`" not in model] == []
