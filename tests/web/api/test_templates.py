"""A notification by the id of a registered template: which situation it is of, and for whom it is in force."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.model.api import KeyKind
from bot.model.message import Form, Situation
from bot.model.wording import TextKey, Version, Wording
from bot.ports import Storage
from tests.web.api.rig import Rig, Software, open_rig, to_dossier, to_phone

SMS = {
    "kind": "sms_smpp", "host": "127.0.0.1", "port": 2775, "source_addr": "8041", "system_id": "motcua",
    "password": "env:MOTCUA_TEST_PASSWORD",
    "templates": {
        "result_early": {"id": "VNP-7", "pattern": "{1}"},
        "result": {"id": "VNP-8", "pattern": "{1}"},
        "supplement": {"id": "VNP-9", "pattern": "{1}"},
        "payment": {"id": "VNP-9", "pattern": "{1}"},
        "apology": {"id": "VNP-10", "pattern": "{1}"},
    },
}  # fmt: skip
BODY = "Kính gửi Ông/Bà: hồ sơ {{ code }} đã có kết quả."


def version(api: Rig, template: str, agency: str, situation: Situation = Situation.RESULT) -> Version:
    forms = (Form("", template, parameters={"ma": "code"}),)
    own = Wording(chat=BODY, sms=BODY, required=("code",), forms=forms)
    return Version(key=TextKey(situation, "vi", agency), number=1, wording=own, made_by="lan", made_at=api.clock())


@pytest.fixture
async def api(sqlite_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setenv("MOTCUA_TEST_PASSWORD", "secret-1")
    channels = {"webchat": {"kind": "webchat"}, "sms": SMS}
    async with open_rig(sqlite_storage, sends=False, channels=channels) as opened:
        published = [
            version(opened, "100001", ""),
            version(opened, "100002", "H56.14"),
            version(opened, "100003", "H56.15"),
            version(opened, "100004", "H56.15", Situation.RETURNED),
            version(opened, "100004", "H56.16", Situation.RESULT),
            version(opened, "100005", "", Situation.APOLOGY),
        ]
        opened.app.library.take_up(published)
        yield opened


def by(template: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"template": template, **{name: each for name, each in body.items() if name != "situation"}}


async def sent(api: Rig, software: Software, body: dict[str, Any]) -> Any:
    answer = await software.call("POST", "/notifications", body)
    assert answer.status == 202, answer.text
    return await api.storage.read(lambda tx: tx.outbox.get(answer.said["notifications"][0]["id"]))


async def test_a_published_texts_template_is_sent_as_its_situation_and_recorded(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.14")

    item = await sent(api, software, by("100002", to_phone()))

    assert (item.situation, item.agency) == (Situation.RESULT, "H56.14")
    assert [each.id for each in item.forms] == ["100002"]
    (entry,) = await api.recorded("notification.sent")
    assert entry.after["template"] == "100002"
    assert entry.after["situation"] == "result"


async def test_a_key_of_the_province_sends_in_the_name_of_the_agency_whose_template_it_is(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE)

    items = [await sent(api, software, by(each, to_phone())) for each in ("100001", "100002")]

    assert [each.agency for each in items] == ["", "H56.14"]


async def test_a_template_of_the_configuration_counts_where_the_text_brings_none(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.14")

    item = await sent(api, software, by("VNP-7", to_phone()))
    displaced = await software.call("POST", "/notifications", by("VNP-8", to_phone()))

    assert item.situation is Situation.RESULT_EARLY
    assert displaced.pointers == ["/template"]


async def test_about_a_dossier_it_must_be_in_force_at_its_agency(api: Rig) -> None:
    await api.dossier()
    software = await api.software(KeyKind.LIVE, agency="H56")

    item = await sent(api, software, by("100002", to_dossier()))
    elsewhere = await software.call("POST", "/notifications", by("100003", to_dossier()))

    assert (item.situation, item.agency) == (Situation.RESULT, "H56.14")
    assert (elsewhere.status, elsewhere.pointers) == (422, ["/template"])


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("999999", "không có mẫu tin"),
        ("VNP-9", "nhiều tình huống dùng mẫu tin này: xin nêu situation (payment, supplement)"),
        ("100004", "nhiều tình huống"),
        ("100005", "không có mẫu tin"),
        ("VNP-10", "không có mẫu tin"),
    ],
)
async def test_an_id_that_leads_to_no_one_situation_is_refused_with_the_place(
    api: Rig, template: str, words: str
) -> None:
    software = await api.software(KeyKind.LIVE)

    answer = await software.call("POST", "/notifications", by(template, to_phone()), Idempotency_Key="mot")

    assert (answer.status, answer.problem, answer.pointers) == (422, "unprocessable", ["/template"])
    assert words in answer.said["errors"][0]["detail"]
    assert await api.storage.read(lambda tx: tx.outbox.planned()) == 0


async def test_templates_of_agencies_beside_the_key_do_not_exist(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.16")
    unknown = await software.call("POST", "/notifications", by("999999", to_phone()))

    foreign = await software.call("POST", "/notifications", by("100002", to_phone()))
    item = await sent(api, software, by("100004", to_phone()))

    assert foreign.text == unknown.text
    assert item.situation is Situation.RESULT


async def test_values_are_checked_as_with_a_situation(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.14")
    body = by("100002", to_phone())
    body["to"] = {**body["to"], "values": {"place": "http://a.vn"}}

    answer = await software.call("POST", "/notifications", body)

    assert answer.pointers == ["/to/values/place", "/to/values/code"]


async def test_exactly_one_of_the_two_is_given(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.14")

    both = await software.call("POST", "/notifications", {**to_phone(), "template": "100002"})
    neither = await software.call("POST", "/notifications", {"to": to_phone()["to"]})
    empty = await software.call("POST", "/notifications", by("", to_phone()))

    assert [each.status for each in (both, neither, empty)] == [422, 422, 422]
    assert [each.pointers for each in (both, neither, empty)] == [["/situation"], ["/situation"], ["/template"]]


async def test_the_same_template_and_token_again_is_one_message(api: Rig) -> None:
    software = await api.software(KeyKind.LIVE, agency="H56.14")

    first = await software.call("POST", "/notifications", by("100002", to_phone()), Idempotency_Key="mot")
    api.app.library.take_up([])
    again = await software.call("POST", "/notifications", by("100002", to_phone()), Idempotency_Key="mot")

    assert (first.status, again.text) == (202, first.text)
