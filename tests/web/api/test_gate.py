"""Who is let in, and what the API says to everybody else."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.model.api import ApiRight, KeyKind
from bot.ports import Storage
from bot.web.api.openapi import problems_of
from bot.web.api.problems import words
from bot.web.api.route import Operation
from bot.web.api.server import OPERATIONS
from tests.web.api.rig import ALL, Rig, open_rig, to_phone

ID, BROADCAST = "01M829EZS7WD0QB8WSGHT8BCJS", "PT-261122-0001"
ROUTES = [(each.method, each.path.replace("{id}", BROADCAST if "PT" in each.id_pattern else ID)) for each in OPERATIONS]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_route_answers_without_a_key(quiet_api: Rig, method: str, path: str) -> None:
    software = await quiet_api.software()
    wrong = [
        "", "Bearer", "Bearer ", "Basic YTpi", f"Token {software.shown}", "Bearer mc_live_x_y", software.shown,
        f"Bearer {software.shown[:-1]}", f"Bearer {software.shown[:-1]}!", f"Bearer {software.shown}x",
        f"Bearer {software.shown.replace('mc_test', 'mc_live')}",
    ]  # fmt: skip

    answers = [await software.call(method, path, {}, Authorization=each) for each in wrong]

    assert {(each.status, each.problem) for each in answers} == {(401, "unauthorized")}
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="motcua"'
    assert len({each.text for each in answers}) == 1


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
async def test_every_route_asks_for_its_right(quiet_api: Rig, operation: Operation) -> None:
    software = await quiet_api.software(KeyKind.LIVE, rights=ALL - {operation.right})

    path = operation.path.replace("{id}", ID)
    answer = await software.call(operation.method, path, {} if operation.takes else None)

    assert (answer.status, answer.problem) == (403, "no_right")


async def test_a_key_that_is_revoked_or_has_expired_opens_nothing_from_then_on(quiet_api: Rig) -> None:
    revoked, short = await quiet_api.software(), await quiet_api.software(lives=timedelta(days=1))
    before = [(await each.call("GET", "/notifications")).status for each in (revoked, short)]

    await quiet_api.storage.write(lambda tx: tx.api.revoke(revoked.key.id, by="lan", at=quiet_api.clock()))
    quiet_api.clock.moved += timedelta(days=1)
    after = [(await each.call("GET", "/notifications")).status for each in (revoked, short)]

    assert (before, after) == ([200, 200], [401, 401])


async def test_the_last_use_is_noted_and_not_at_every_request(quiet_api: Rig) -> None:
    software = await quiet_api.software()
    seen = []

    for _ in range(3):
        await software.call("GET", "/notifications")
        key = await quiet_api.storage.read(lambda tx: tx.api.key(software.key.id))
        seen.append(key and key.used_at)
        quiet_api.clock.moved += timedelta(minutes=3)

    assert seen[0] is not None
    assert seen[0] == seen[1] != seen[2]


async def test_too_many_requests_of_one_key_wait_and_another_key_does_not(sqlite_storage: Storage) -> None:
    async with open_rig(sqlite_storage, sends=False, api={"per_minute": 10}) as api:
        hasty, other = await api.software(), await api.software()

        answers = [await hasty.call("GET", "/notifications") for _ in range(6)]
        beside = await other.call("GET", "/notifications")

    assert [each.status for each in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) in range(1, 7)
    assert answers[-1].problem == "too_many"
    assert beside.status == 200


async def test_who_tries_many_keys_is_slowed_down(quiet_api: Rig) -> None:
    software = await quiet_api.software()
    wrong = software.shown[:-4] + "AAAA"

    answers = [await software.call("GET", "/notifications", Authorization=f"Bearer {wrong}") for _ in range(32)]

    assert answers[0].status == 401
    assert answers[-1].status == 429


async def test_what_does_not_exist_is_a_problem_too(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    nowhere = await software.call("GET", "/nowhere")
    method = await software.call("DELETE", "/notifications")
    strange = await software.call("GET", "/notifications/..%2f..%2fetc")
    unknown = await software.call("GET", f"/notifications/{ID}")

    assert [each.status for each in (nowhere, method, strange, unknown)] == [404, 405, 404, 404]
    assert method.headers["Allow"] == "GET, POST"
    assert {each.headers["Content-Type"].partition(";")[0] for each in (nowhere, method, strange, unknown)} == {
        "application/problem+json"
    }


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"{", 400, "unreadable"),
        (b"", 400, "unreadable"),
        (b"[" * 50_000, 400, "unreadable"),
        (b'{"to":' * 20_000 + b"1" + b"}" * 20_000, 400, "unreadable"),
        (b'{"situation": "result", "to": {"kind": "phone", "phone": "\\ud800\\ud800\\ud800"}}', 400, "unreadable"),
        (b"\xff\xfe{}", 400, "unreadable"),
        (b"null", 422, "unprocessable"),
        (b"[]", 422, "unprocessable"),
        (b'{"situation": 1e999, "to": NaN}', 422, "unprocessable"),
        (b'{"a":"' + b"x" * 300_000 + b'"}', 413, "too_long"),
        (json.dumps(to_phone(more="x")).encode(), 422, "unprocessable"),
        (json.dumps(to_phone(situation="apology")).encode(), 422, "unprocessable"),
        (json.dumps(to_phone(reference="a\r\nSet-Cookie: x=1")).encode(), 422, "unprocessable"),
    ],
)
async def test_what_cannot_be_read_is_refused_readably(quiet_api: Rig, body: bytes, status: int, problem: str) -> None:
    software = await quiet_api.software()

    answer = await software.call("POST", "/notifications", body)

    assert (answer.status, answer.problem) == (status, problem), answer.text[:500]
    assert "Traceback" not in answer.text
    assert "x" * 100 not in answer.text
    assert await quiet_api.storage.read(lambda tx: tx.outbox.planned()) == 0


async def test_a_huge_body_without_a_length_is_not_read_to_its_end(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"[" * 65_536

    headers = {"Authorization": f"Bearer {software.shown}", "Content-Type": "application/json"}
    url = f"{quiet_api.url}/api/v1/notifications"
    async with quiet_api.http.post(url, data=endless(), headers=headers) as answer:
        assert answer.status == 413


async def test_another_media_type_is_not_taken(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    form = await software.call("POST", "/notifications", b"a=b", Content_Type="application/x-www-form-urlencoded")
    text = await software.call("POST", "/notifications", b"{}", Content_Type="text/plain")

    assert {(each.status, each.problem) for each in (form, text)} == {(415, "not_json")}


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "state=nothing", "since=yesterday", "x=1", "before=1"],
)
async def test_a_query_that_says_nothing_is_refused(quiet_api: Rig, query: str) -> None:
    software = await quiet_api.software()

    answer = await software.call("GET", f"/notifications?{query}")

    assert (answer.status, answer.said["errors"][0]["in"]) == (422, "query")


async def test_nothing_is_kept_by_browsers_and_other_sites_are_told_nothing(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    answer = await software.call("GET", "/notifications", Origin="https://evil.example", Cookie="a=b")

    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name in answer.headers if name.lower().startswith(("access-control", "set-cookie"))]


async def test_the_description_names_every_route_and_every_problem_of_it(quiet_api: Rig) -> None:
    software = await quiet_api.software()

    said = (await software.call("GET", "/openapi.json", Authorization="")).said

    assert said["openapi"] == "3.1.0"
    found = {(method.upper(), path) for path, each in said["paths"].items() for method in each}
    assert found == {(each.method, each.path) for each in OPERATIONS}
    for each in OPERATIONS:
        responses = said["paths"][each.path][each.method.lower()]["responses"]
        assert {str(words()["problem"][word]["status"]) for word in problems_of(each)} <= responses.keys()
        assert all(content["examples"] for content in _bodies(said["paths"][each.path][each.method.lower()]))


def _bodies(operation: dict) -> list[dict]:  # type: ignore[type-arg]
    return list(operation.get("requestBody", {}).get("content", {}).values())


def test_rights_are_as_many_as_the_console_knows() -> None:
    assert {each.right for each in OPERATIONS} == set(ApiRight)
