"""How often somebody may write."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.web.rates import Allowance, Buckets, network_of
from tests.web.office import CODE, Clock, Office


async def test_who_writes_too_fast_is_asked_to_wait_and_may_go_on_later(office: Office) -> None:
    visitor = await office.visitor()

    async def write(number: int) -> int:
        answer = await visitor.post("/chat/messages", {"text": CODE, "id": f"question-{number:04}"})
        return answer.status

    statuses = [await write(number) for number in range(11)]
    page = await visitor.submit(CODE)
    office.clock.moved += timedelta(seconds=4)

    assert statuses == [202] * 10 + [429]
    assert page.status == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert "gửi hơi nhanh" in visitor.page
    assert await write(12) == 202
    assert len(office.clerk.heard) == 11


async def test_new_sessions_do_not_get_around_the_limit_of_a_network(office: Office) -> None:
    statuses = []
    for _ in range(7):
        visitor = await office.visitor()
        for number in range(10):
            answer = await visitor.post("/chat/messages", {"text": CODE, "id": f"question-{number:04}"})
            statuses.append(answer.status)

    assert statuses[:60] == [202] * 60
    assert 429 in statuses[60:]


def test_the_table_of_limits_does_not_grow_without_end() -> None:
    buckets = Buckets(Clock(), Allowance(burst=1, every=60), most=100)

    for number in range(1000):
        assert buckets.take(str(number)) == 0

    assert len(buckets) == 100
    assert buckets.take("999") > 0
    assert buckets.take("0") == 0


def test_a_bucket_fills_again_but_not_over_its_brim() -> None:
    clock = Clock()
    buckets = Buckets(clock, Allowance(burst=2, every=10))
    assert [buckets.take("a") > 0 for _ in range(3)] == [False, False, True]

    clock.moved += timedelta(seconds=1000)

    assert [buckets.take("a") > 0 for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    ("forwarded", "trusted", "network"),
    [
        ("", [], "10.0.0.9"),
        ("203.0.113.7", [], "10.0.0.9"),
        ("203.0.113.7", ["10.0.0.0/8"], "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", ["10.0.0.0/8"], "203.0.113.7"),
        ("203.0.113.7, 10.0.0.3", ["10.0.0.0/8"], "203.0.113.7"),
        ("<script>, 203.0.113.7, 10.0.0.3", ["10.0.0.0/8"], "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", ["10.0.0.0/8"], "2001:db8:1:2::/64"),
        ("nonsense", ["10.0.0.0/8"], "10.0.0.9"),
    ],
)
def test_only_our_own_proxies_are_believed(forwarded: str, trusted: list[str], network: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote="10.0.0.9")

    assert network_of(request, [ip_network(each) for each in trusted]) == network
