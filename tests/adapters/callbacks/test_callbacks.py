"""Callbacks go out into the open net and nowhere else, whatever a name, a redirect or a spelling leads to."""

import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.callbacks import Door, callback_door, is_public
from tests.web.api.receiver import Receiver, open_receiver

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",  # noqa: S104
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "::127.0.0.1",
    "nonsense", "",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "203.113.131.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


class Names(AbstractResolver):
    """A name server in somebody else's hand."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in found
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def word_of(door: Door, url: str) -> str:
    return (await door.call(url, b"{}", {})).word


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_known_however_it_is_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_open_net_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["10.0.0.7"], ["::ffff:127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["fd00::1"], []],
)
async def test_a_name_that_leads_inside_is_not_called(answers: list[str]) -> None:
    names = Names(answers)
    async with callback_door(ports=(443, 8443), timeout=2.0, names=names) as door:
        word = await word_of(door, "https://hook.example.vn/x")

    assert word == "address"
    assert names.asked == ["hook.example.vn"]


async def test_a_name_is_asked_for_once_so_that_a_second_answer_gains_nothing(receiver: Receiver) -> None:
    """The first answer is inside: had the check used another one than the connection, this would be heard."""
    port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
    names = Names(["127.0.0.1"], ["8.8.8.8"])
    async with callback_door(ports=(port,), timeout=2.0, names=names) as door:
        word = await word_of(door, f"https://hook.example.vn:{port}/x")

    assert (word, len(names.asked)) == ("address", 1)
    assert receiver.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.vn/x", "https://hook.example.vn:22/x", "https://hook.example.vn:0/x", "ftp://hook.example.vn/",
        "https://127.0.0.1/x", "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://10.0.0.1:8443/x",
        "https://lan:mat-khau@hook.example.vn/x", "https:///x", "https://hook.example.vn:99999/", "//hook.example.vn/",
        "file:///etc/passwd", "",
    ],
)  # fmt: skip
async def test_an_address_that_cannot_be_right_is_not_even_looked_up(url: str) -> None:
    names = Names(["8.8.8.8"])
    async with callback_door(ports=(443, 8443), timeout=2.0, names=names) as door:
        word = await word_of(door, url)

    assert (word, names.asked) == ("address", [])


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
async def test_odd_spellings_of_this_machine_are_not_called(receiver: Receiver, host: str) -> None:
    port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
    async with callback_door(ports=(port,), timeout=2.0) as door:
        word = await word_of(door, f"https://{host}:{port}/x")

    assert word in ("address", "unreachable")
    assert receiver.heard == []


async def test_where_private_addresses_are_allowed_a_redirect_is_still_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [302], {"Location": receiver.url}
    async with callback_door(ports=(443,), timeout=2.0, is_open_to_private=True) as door:
        called = await door.call(receiver.url, b"{}", {"Motcua-Event-Id": "1"})

    assert (called.status, called.is_taken, len(receiver.heard)) == (302, False, 1)


async def test_nobody_at_home_and_no_http_are_troubles_and_not_exceptions(receiver: Receiver) -> None:
    async with callback_door(ports=(443,), timeout=0.3, is_open_to_private=True) as door:
        closed = await word_of(door, "http://127.0.0.1:9/x")
        tls = await word_of(door, receiver.url.replace("http:", "https:"))
        receiver.pause = 1.0
        slow = await word_of(door, receiver.url)

    assert (closed, slow) == ("unreachable", "timeout")
    assert tls in ("tls", "unreachable")


async def test_headers_cannot_be_smuggled(receiver: Receiver) -> None:
    async with callback_door(ports=(443,), timeout=2.0, is_open_to_private=True) as door:
        called = await door.call(receiver.url, b"{}", {"Motcua-Event-Id": "1\r\nX-Evil: 1"})

    assert called.word == "broken"
    assert receiver.heard == []
