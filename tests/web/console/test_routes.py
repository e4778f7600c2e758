"""Every route of the console asks for a log-in and for the right that stands in its table."""

import re

import pytest

from bot.model.staff import RIGHTS, Right, Role
from bot.ports import Storage
from bot.web.console.route import Route
from bot.web.console.server import routes_of
from bot.web.prefix import PREFIX
from tests.web.console.rig import Rig, open_rig

OPEN = {
    ("GET", "/ngon-ngu"),
    ("GET", "/dang-nhap"),
    ("POST", "/dang-nhap"),
    ("GET", "/dang-nhap/openid"),
    ("POST", "/dang-nhap/openid"),
    ("GET", "/dang-nhap/openid/ve"),
    ("GET", "/loi-moi/{secret}"),
    ("POST", "/loi-moi/{secret}"),
}
"""What is for people who have not logged in. Whoever adds to it adds here."""

OF_ONES_OWN = ("/toi", "/dang-nhap", "/dang-xuat")
"""What everybody has who has logged in, whatever her rights."""


def address_of(route: Route) -> str:
    return PREFIX + re.sub(r"\{[^}]*\}", "khong-co", route.path or "/")


async def test_only_the_door_is_open(rig: Rig) -> None:
    routes = routes_of(rig.console)

    assert {(each.method, each.path) for each in routes if each.is_open} <= OPEN
    assert all(each.path.startswith(OF_ONES_OWN) for each in routes if each.right is None and not each.is_open)
    assert len({(each.method, each.path) for each in routes}) == len(routes) > 60


async def test_no_route_answers_without_a_session(rig: Rig) -> None:
    stranger = await rig.staff(Role.ADMINISTRATOR, logged_in=False)
    wrong = []

    for route in routes_of(rig.console):
        if route.is_open:
            continue
        async with stranger.http.request(route.method, rig.url + address_of(route), allow_redirects=False) as answer:
            where = answer.headers.get("Location", "")
            at_the_door = answer.status == 303 and where.startswith(f"{PREFIX}/dang-nhap")
            if not (answer.status == 401 or (route.method == "GET" and at_the_door)):
                wrong.append((route.method, route.path, answer.status, where))

    assert wrong == []


async def test_no_route_answers_before_the_second_factor(rig: Rig) -> None:
    clerk = await rig.staff(*Role, logged_in=False)
    secret = await rig.open_half(clerk.member)
    wrong = []

    for route in routes_of(rig.console):
        if route.is_open or route.half_open:
            continue
        headers = {"Cookie": f"{rig.console.cookie('staff')}={secret}"}
        address = rig.url + address_of(route)
        async with clerk.http.request(route.method, address, allow_redirects=False, headers=headers) as answer:
            if answer.status != 303 or not answer.headers["Location"].startswith(f"{PREFIX}/dang-nhap/ma"):
                wrong.append((route.method, route.path, answer.status))

    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_opens_what_its_rights_open_and_nothing_else(sqlite_storage: Storage, role: Role) -> None:
    async with open_rig(sqlite_storage) as rig:
        clerk = await rig.staff(role)
        wrong = []

        for route in routes_of(rig.console):
            if route.right is None or route.right in RIGHTS[role]:
                continue
            async with clerk.http.request(route.method, rig.url + address_of(route)) as answer:
                if answer.status != 403:
                    wrong.append((route.method, route.path, answer.status))

        assert wrong == []


async def test_what_a_right_opens_answers_without_a_server_error(rig: Rig) -> None:
    everybody = await rig.staff(*Role)
    wrong = []

    for route in routes_of(rig.console):
        if route.method != "GET" or route.path == "/ngon-ngu":
            continue
        async with everybody.http.get(rig.url + address_of(route), allow_redirects=False) as answer:
            if answer.status not in (200, 303, 404):
                wrong.append((route.path, answer.status))
            # A thing that is not there must not be told from one that is another's.
            if "{" in route.path and not route.is_open and answer.status == 200:
                wrong.append((route.path, answer.status))

    assert wrong == []


async def test_whoever_changes_something_sends_a_form_of_ours(rig: Rig) -> None:
    everybody = await rig.staff(*Role)
    wrong = []

    for route in routes_of(rig.console):
        if route.method != "POST":
            continue
        async with everybody.http.post(rig.url + address_of(route), data={"token": "0" * 64}) as answer:
            if answer.status != 403:
                wrong.append((route.path, answer.status))

    assert wrong == []


def test_each_right_is_given_by_some_role() -> None:
    assert set().union(*RIGHTS.values()) == set(Right)
    assert Right.APPROVE not in RIGHTS[Role.ADMINISTRATOR]
