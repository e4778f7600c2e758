"""/metrics and /readyz: what whoever watches over the service may read, and who that is."""

from collections.abc import Mapping
from ipaddress import ip_network

import pytest
from aiohttp import ClientSession

from bot.config import PageSettings
from bot.metrics import registry_of, text_of
from bot.ports import Storage
from tests.support.watching import Guard
from tests.web.office import open_office

HERE = (ip_network("127.0.0.0/8"),)


async def asked(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    async with ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.fixture
async def guard(sqlite_storage: Storage) -> Guard:
    made = Guard(sqlite_storage)
    await made.look()
    return made


async def test_metrics_are_read_from_the_networks_that_may(guard: Guard) -> None:
    registry = registry_of(guard.watch)
    metrics = lambda: text_of(registry)  # noqa: E731
    async with open_office(guard.storage, metrics=metrics, metrics_networks=HERE) as office:
        status, text = await asked(f"{office.url}/metrics")

    assert status == 200
    assert "motcua_looked_timestamp_seconds" in text
    assert 'motcua_beat_age_seconds{beat="watch"} 0.0' in text


async def test_to_others_there_is_no_such_page(guard: Guard) -> None:
    elsewhere = (ip_network("10.0.0.0/8"),)
    async with open_office(guard.storage, metrics=lambda: b"secret", metrics_networks=elsewhere) as office:
        status, text = await asked(f"{office.url}/metrics")
        missing, page = await asked(f"{office.url}/nowhere")

    assert (status, text) == (missing, page)
    assert status == 404


async def test_what_comes_through_an_unknown_proxy_is_refused(guard: Guard) -> None:
    async with open_office(guard.storage, metrics=lambda: b"secret", metrics_networks=HERE) as office:
        for header in ("X-Forwarded-For", "x-real-ip", "Forwarded"):
            status, _ = await asked(f"{office.url}/metrics", {header: "127.0.0.1"})
            assert status == 404


async def test_a_trusted_proxy_vouches_for_who_asks(guard: Guard) -> None:
    settings = PageSettings(trusted_proxies=HERE)
    inside = (ip_network("10.0.0.0/8"),)
    async with open_office(
        guard.storage, metrics=lambda: b"numbers", metrics_networks=inside, settings=settings
    ) as office:
        good, _ = await asked(f"{office.url}/metrics", {"X-Forwarded-For": "10.1.2.3"})
        bad, _ = await asked(f"{office.url}/metrics", {"X-Forwarded-For": "203.0.113.9"})

    assert (good, bad) == (200, 404)


async def test_a_service_that_no_longer_watches_itself_is_not_ready_though_alive(sqlite_storage: Storage) -> None:
    async with open_office(sqlite_storage, is_still=lambda: True) as office:
        ready, text = await asked(f"{office.url}/readyz")
        alive, _ = await asked(f"{office.url}/healthz")

    assert (ready, alive) == (503, 200)
    assert text == "the watch stands still\n"
