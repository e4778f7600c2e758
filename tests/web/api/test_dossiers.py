"""What software learns of a dossier, for whom, and that it learns nothing else."""

from typing import Any

import pytest

from bot.model.api import KeyKind
from bot.model.person import Address, Binding, Follow, Proof
from tests.web.api.rig import CODE, PHONE, Rig


def by_phone(phone: str = PHONE, code: str = CODE) -> dict[str, Any]:
    return {"code": code, "citizen": {"kind": "phone", "phone": phone}}


def by_chat(name: str) -> dict[str, Any]:
    return {"code": CODE, "citizen": {"kind": "chat", "scheme": "zalo", "id": name}}


async def test_the_owner_of_the_phone_is_told_and_the_look_is_recorded(quiet_api: Rig) -> None:
    await quiet_api.dossier(place="quầy 2")
    software = await quiet_api.software(KeyKind.LIVE, agency="H56", name="cong-tinh")

    answer = await software.call("POST", "/dossiers/status", by_phone("0912 345 678"))

    assert answer.status == 200
    said = answer.said
    assert (said["code"], said["status"], said["right"], said["place"]) == (CODE, 9, "full", "quầy 2")
    assert said["is_stale"] is True
    entry = (await quiet_api.recorded("dossier.looked"))[0]
    assert (entry.by, entry.way, entry.subject, entry.agency) == ("api:cong-tinh", "api", CODE, "H56.14")


async def test_a_bound_chat_sees_all_and_a_follower_status_and_dates(quiet_api: Rig) -> None:
    await quiet_api.dossier(place="quầy 2")
    now = quiet_api.clock()
    bound = Binding(
        address=Address("zalo", "bound"), phone=PHONE, proof=Proof.CODE, since=now, heard_at=now, channel="zalo"
    )
    follow = Follow(Address("zalo", "follower"), "mc", CODE, "zalo", now)
    await quiet_api.storage.write(lambda tx: tx.people.bind(bound))
    await quiet_api.storage.write(lambda tx: tx.follows.add(follow))
    software = await quiet_api.software(KeyKind.LIVE)

    owner = (await software.call("POST", "/dossiers/status", by_chat("bound"))).said
    follower = (await software.call("POST", "/dossiers/status", by_chat("follower"))).said

    assert (owner["right"], owner["place"], owner["procedure"]) == ("full", "quầy 2", "Khai sinh")
    assert (follower["right"], follower["place"], follower["procedure"], follower["status"]) == ("details", "", "", 9)


@pytest.mark.parametrize(
    ("agency", "question"),
    [
        ("H56", by_phone("0987654321")),
        ("H56", by_phone("not a phone")),
        ("H56", by_phone(code="H56.14-000000-0000")),
        ("H56", by_chat("stranger")),
        ("H56.15", by_phone()),
        ("H56.1", by_phone()),
    ],
)
async def test_everybody_else_gets_one_and_the_same_answer(quiet_api: Rig, agency: str, question: Any) -> None:
    await quiet_api.dossier()
    software = await quiet_api.software(KeyKind.LIVE, agency=agency)
    usual = await software.call("POST", "/dossiers/status", by_phone("0900000001", "X0.00-000000-0000"))

    answer = await software.call("POST", "/dossiers/status", question)

    assert (answer.status, answer.problem, answer.text) == (404, "not_shown", usual.text)
    assert await quiet_api.recorded("dossier.looked") == []


async def test_a_number_that_was_given_up_opens_nothing(quiet_api: Rig) -> None:
    await quiet_api.dossier()
    await quiet_api.storage.write(lambda tx: tx.people.disown(PHONE, at=quiet_api.clock()))
    software = await quiet_api.software(KeyKind.LIVE)

    answer = await software.call("POST", "/dossiers/status", by_phone())

    assert answer.problem == "not_shown"


async def test_of_a_sensitive_procedure_it_is_not_said_what_it_is_about(quiet_api: Rig) -> None:
    await quiet_api.dossier(procedure="9.999999")
    object.__setattr__(quiet_api.app.planner, "sensitive", frozenset({"9.999999"}))
    software = await quiet_api.software(KeyKind.LIVE)

    said = (await software.call("POST", "/dossiers/status", by_phone())).said

    assert (said["procedure"], said["status"]) == ("", 9)


async def test_a_test_key_sees_no_dossier_and_a_team_key_those_of_its_guests(quiet_api: Rig) -> None:
    await quiet_api.dossier()
    trial, team = await quiet_api.software(KeyKind.TEST), await quiet_api.software(KeyKind.TEAM)
    before = await team.call("POST", "/dossiers/status", by_phone())

    await quiet_api.storage.write(lambda tx: tx.api.invite(team.key.id, [Address("sms", PHONE)]))
    after = await team.call("POST", "/dossiers/status", by_phone())
    refused = await trial.call("POST", "/dossiers/status", by_phone())

    assert (before.problem, after.status, refused.problem) == ("not_shown", 200, "only_live")
