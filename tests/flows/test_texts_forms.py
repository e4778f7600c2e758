"""A text that brings the templates which providers have registered for it leaves with those, by every way."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.admission import Admission
from bot.config import SurveySettings
from bot.model.dossier import Status, diff
from bot.model.message import Accepted, Form, OutboxItem, Rejected, Situation
from bot.model.wording import TextKey, Version, Wording
from bot.planning import Planner, Route
from bot.ports import Audience, Claimed
from bot.reaching import Chats, Reach, Told
from bot.settings import SmsSettings
from bot.situation_settings import ReachSettings
from bot.texts import Library
from tests.adapters.sms_http.support import NAME as GATEWAY
from tests.adapters.sms_http.support import http_bench
from tests.adapters.sms_http.support import item as sms
from tests.adapters.zalo.support import USER, bench, item
from tests.support.making import START, dossier, message, numbered_ids

LONG_SILENT = timedelta(days=8)
FORM = Form("zalo", "100003", parameters={"ma_ho_so": "code", "ngay_hen_moi": "appointment", "ly_do": "reason:address"})
VNPT: dict[str, Any] = {
    "url": "http://vnpt.example.vn:8888/smsbn/api",
    "agent_id": "349",
    "api_user": "motcua",
    "api_pass": SecretStr("vnpt-t3st-pw"),
    "username": "MOTCUA_CS",
    "contract_id": "10320",
    "label_id": "132043",
    "templates": {"result": {"id": "560861", "pattern": "Ho so {1} da co ket qua, moi nhan tai {2}."}},
}


@pytest.mark.parametrize("form", [FORM, replace(FORM, channel="")], ids=["for this channel", "for every Zalo channel"])
async def test_zalo_gets_the_template_that_came_with_the_text(tmp_path: Path, form: Form) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await zalo.send(item(heard=LONG_SILENT, forms=(form,)))

        (shown,) = await zalo.zalo.shown(USER)
        assert isinstance(outcome, Accepted)
        assert outcome.cost == 200
        assert shown["template_id"] == "100003"
        assert shown["values"] == {
            "ma_ho_so": "H32.15-261122-0001",
            "ngay_hen_moi": "16:30 30/11/2026",
            "ly_do": "Chờ xác minh",
        }


@pytest.mark.parametrize("form", [replace(FORM, channel="zalo2"), Form("zalo", "7", pattern="Ho so {1}")])
async def test_a_form_of_another_channel_or_kind_changes_nothing_at_zalo(tmp_path: Path, form: Form) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.send(item(heard=LONG_SILENT, forms=(form,)))

        assert (await zalo.zalo.shown(USER))[0]["template_id"] == "100001"


async def test_a_finer_situation_goes_with_the_template_of_its_family(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        early = await zalo.send(item(heard=LONG_SILENT, situation=Situation.RESULT_EARLY))
        step = await zalo.send(item(heard=LONG_SILENT, situation=Situation.STEP))

        assert isinstance(early, Accepted)
        assert (await zalo.zalo.shown(USER))[0]["template_id"] == "100001"
        assert step == Rejected("no registered template for step, and free text may not be sent now")


@pytest.mark.parametrize("parameters", [{"x": "sum"}, {"x": "code:sum"}], ids=["no such value", "no such kind"])
async def test_a_form_that_cannot_be_filled_is_refused_and_raises_nothing(
    tmp_path: Path, parameters: dict[str, str]
) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await zalo.send(item(heard=LONG_SILENT, forms=(replace(FORM, parameters=parameters),)))
        missing = await zalo.send(item(heard=LONG_SILENT, forms=(FORM,), values={"code": "H1"}))

        assert isinstance(outcome, Rejected)
        assert missing == Rejected("template parameter ngay_hen_moi: there is no appointment")


async def test_an_sms_provider_gets_the_template_that_came_with_the_text() -> None:
    text = "Ho so H32.15-261122-0001 da co ket qua, moi nhan tai UBND phuong A."
    form = Form(GATEWAY, "560861", "Ho so {1} da co ket qua, moi nhan tai {2}.")
    templates = {"result": {"id": "560862", "pattern": "Moi Ong/Ba den nhan {1}."}}
    async with http_bench("vnpt", **VNPT | {"templates": templates}) as gateway:
        own = sms(text, situation=Situation.RESULT, forms=(form,))
        outcome = await gateway.send(own)
        without = await gateway.send(sms(text, situation=Situation.RESULT))
        changed = await gateway.send(sms(text + " Gap", situation=Situation.RESULT, forms=(form,)))

        assert outcome == Accepted()
        [shown] = await gateway.provider.texts(own.address.value)
        assert shown["text"] == text
        assert without == Rejected("the text does not fit the registered template for result")
        assert changed == without


async def test_a_finer_situation_is_sent_by_sms_with_what_is_registered_for_its_family() -> None:
    text = "Ho so H32.15-261122-0001 da co ket qua, moi nhan tai UBND phuong A."
    async with http_bench("vnpt", **VNPT) as gateway:
        outcome = await gateway.send(sms(text, situation=Situation.RESULT_EARLY))

    assert outcome == Accepted()


def refusal(item: OutboxItem, **settings: Any) -> str:
    """Why the message does not leave by `esms`; empty: it does."""
    templates = {"result": {"pattern": "Ho so {1} da co ket qua."}}
    rules = SmsSettings.model_validate({"templates": templates, "templates_required": True} | settings)
    obstacle = Admission.by("esms", rules, None).obstacle(Claimed(item, None))
    return obstacle.reason if obstacle else ""


def result(text: str, *forms: Form, situation: Situation = Situation.RESULT) -> OutboxItem:
    return message(text=text, situation=situation, forms=forms)


def test_the_outbox_compares_a_text_with_its_own_registered_template_before_the_settings() -> None:
    own = Form("esms", "", "Da co ket qua ho so {1}.")

    assert refusal(result("Da co ket qua ho so H1.", own)) == ""
    assert refusal(result("Ho so H1 da co ket qua.", own)).startswith("the text does not fit")
    assert refusal(result("Ho so H1 da co ket qua.", replace(own, channel="viettel"))) == ""
    assert refusal(result("Ho so H1 da co ket qua.", Form("esms", "1", "{1}{2}"))).startswith("the text does not fit")


def test_the_outbox_compares_a_finer_situation_with_its_family_and_misses_what_has_none() -> None:
    assert refusal(result("Ho so H1 da co ket qua.", situation=Situation.RESULT_EARLY)) == ""
    assert refusal(result("Khac.", situation=Situation.RESULT_EARLY)).startswith("the text does not fit")
    assert refusal(result("Khac.", situation=Situation.STEP)) == "no registered template for step at esms"
    assert refusal(result("Khac.", Form("esms", "", "Kha{1}"), situation=Situation.STEP)) == ""


def planned(*forms: Form) -> OutboxItem:
    """The owner's message about a result, in an office that has published its own words with these forms."""
    body = "Kính gửi Ông/Bà: mời nhận kết quả hồ sơ {{ code }}."
    own = Wording(chat=body, sms=body, required=("code",), forms=forms)
    library = Library()
    key = TextKey(Situation.RESULT, "vi", "H32")
    library.take_up([Version(key=key, number=1, wording=own, made_by="chi.lan", made_at=START)])
    planner = Planner(Route("sms", "sms", plain=True), library, numbered_ids(), "giờ hành chính")
    before = dossier(agency="H32.15")
    after = replace(before, status=Status.DONE, appointment_at=START)
    changes = diff(before, after, last_number=1, at=START)
    item = planner.plan(changes, before, after, now=START)
    assert isinstance(item, OutboxItem)
    reach = Reach(planner, Chats(schemes={"zalo": "zalo"}, by_phone="zalo"), ReachSettings(), SurveySettings())
    (spread,) = reach.spread([Told(item, changes, before, after)], Audience({}, {}, {}), now=START)
    return spread


def test_a_message_planned_from_an_offices_own_text_carries_its_forms_by_every_way() -> None:
    registered = Form("esms", "77", "Kinh gui Ong/Ba: moi nhan ket qua ho so {1}.")

    without, by_sms, by_zalo = planned(), planned(registered), planned(FORM, registered)

    ways = [[each.address.scheme, *(way.address.scheme for way in each.alternatives)] for each in (without, by_sms)]
    assert ways == [["sms"], ["sms"]]
    assert [by_zalo.address.scheme, by_zalo.alternatives[0].address.scheme] == ["zalophone", "sms"]
    assert (without.forms, by_sms.forms, by_zalo.forms) == ((), (registered,), (FORM, registered))
    assert by_zalo.values["code"] == by_zalo.code
    assert by_zalo.alternatives[0].text == f"Kinh gui Ong/Ba: moi nhan ket qua ho so {by_zalo.code}."
