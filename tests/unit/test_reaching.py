"""Who is told of a change, by which ways, and how much of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.config import SurveySettings
from bot.model.dossier import Dossier, Status, diff
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.model.person import Address, Binding, Follow, Preference, Proof
from bot.planning import Planner, Route
from bot.ports import Audience
from bot.reaching import Chats, Reach, Told
from bot.situation_settings import ReachSettings, SituationSettings
from bot.situations import Situations
from bot.texts import Library

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PHONE = "+84912345678"
_numbers = count(1)
PLANNER = Planner(
    Route("sms", "sms", plain=True),
    Library(),
    lambda: f"{next(_numbers):026}",
    "giờ hành chính",
    sensitive=frozenset({"1.001776"}),
    surveys=True,
)
CHATS = Chats(
    schemes={each: each for each in ("telegram", "zalo", "zalobot", "webchat")},
    buttons=frozenset({"telegram"}),
    by_phone="zalo",
    templated=frozenset({Situation.RESULT}),
)
REACH = Reach(PLANNER, CHATS, ReachSettings(), SurveySettings())
DOSSIER = Dossier(
    source="s",
    code="H32.15-261122-0001",
    status=Status.PROCESSING,
    agency_name="UBND phường Vĩnh Hải",
    procedure="1.004222.000.00.00.H32",
    procedure_name="Đăng ký thường trú",
    phone=PHONE,
    received_at=NOW,
    appointment_at=NOW + timedelta(days=5),
)


def told(after: Dossier, before: Dossier = DOSSIER) -> Told:
    news = diff(before, after, last_number=3, at=NOW)
    item = PLANNER.plan(news, before, after, now=NOW)
    assert isinstance(item, OutboxItem)
    return Told(item, news, before, after)


def bound(scheme: str, value: str = "4711", **changes: str) -> Binding:
    channel = changes.get("channel", scheme)
    language = changes.get("language", "vi")
    return Binding(Address(scheme, value), PHONE, Proof.CODE, NOW, NOW, channel, language)


def following(scheme: str = "telegram", value: str = "99") -> Follow:
    return Follow(Address(scheme, value), "s", DOSSIER.code, scheme, NOW)


def audience(
    bindings: Sequence[Binding] = (), follows: Sequence[Follow] = (), disowned: datetime | None = None
) -> Audience:
    return Audience({PHONE: bindings}, {("s", DOSSIER.code): follows}, {PHONE: disowned} if disowned else {})


def spread(after: Dossier, heard: Audience, reach: Reach = REACH) -> list[OutboxItem]:
    return reach.spread([told(after)], heard, now=NOW)


SUPPLEMENT = replace(DOSSIER, status=Status.SUPPLEMENT, supplement="Bản sao hộ chiếu", reason="Bản nộp bị mờ")
RESULT = replace(DOSSIER, status=Status.DONE)
RETURNED = replace(DOSSIER, status=Status.RETURNED)


def test_somebody_without_a_chat_is_told_by_sms() -> None:
    (item,) = spread(SUPPLEMENT, audience())

    assert (item.channel, item.address, item.alternatives) == ("sms", Address("sms", PHONE), ())
    assert item.text.isascii()


def test_somebody_with_chats_gets_one_message_with_its_ways_in_order() -> None:
    (item,) = spread(RESULT, audience([bound("zalobot"), bound("zalo", "2512")]))

    assert item.address == Address("zalo", "2512")
    assert ways_of(item) == ["zalo", "zalobot", "zalophone", "sms"]
    assert "Kính gửi Ông/Bà" in item.text
    assert item.alternatives[-1].text.isascii()


def test_chats_that_cost_nothing_get_their_own_copy_whatever_becomes_of_the_message() -> None:
    owner, telegram, other, web = spread(
        SUPPLEMENT, audience([bound("zalo", "2512"), bound("telegram"), bound("telegram", "12"), bound("webchat")])
    )

    assert ways_of(owner) == ["zalo", "sms"]
    assert [each.address.key for each in (telegram, other, web)] == ["telegram:4711", "telegram:12", "webchat:4711"]
    assert {each.alternatives for each in (telegram, other, web)} == {()}
    assert len({each.dedupe_key for each in (owner, telegram, other, web)}) == 4
    assert len({each.id for each in (owner, telegram, other, web)}) == 4
    assert {each.origin for each in (telegram, other, web)} == {owner.origin}
    assert [option.says for option in telegram.options] == [f"hs {DOSSIER.code}"]
    assert telegram.dedupe_key.endswith("|telegram:4711")
    assert PHONE not in telegram.dedupe_key


def test_where_there_is_no_main_way_the_best_free_chat_gets_the_message_itself() -> None:
    no_sms = replace(REACH, settings=ReachSettings(order=("zalo",)))

    owner, copy = spread(SUPPLEMENT, audience([bound("webchat"), bound("telegram")]), no_sms)

    assert (ways_of(owner), ways_of(copy)) == (["telegram"], ["webchat"])
    assert owner.options != ()
    assert owner.dedupe_key.endswith(f"|sms:{PHONE}")


def test_an_office_may_tell_something_by_some_ways_only() -> None:
    settings = SituationSettings(channels={Situation.SUPPLEMENT: ("zalo", "telegram")})
    picky = replace(REACH, planner=replace(PLANNER, situations=Situations(settings)))

    owner, copy = spread(SUPPLEMENT, audience([bound("zalo"), bound("telegram"), bound("webchat")]), picky)
    (nobody,) = spread(SUPPLEMENT, audience(), picky)

    assert (ways_of(owner), ways_of(copy)) == (["zalo"], ["telegram"])
    assert (nobody.state, nobody.reason) == (DeliveryState.SUPPRESSED, "no way leads there")


def test_zalo_users_without_a_chat_are_reached_by_phone_where_there_is_a_template() -> None:
    (result,) = spread(RESULT, audience())
    (supplement,) = spread(SUPPLEMENT, audience())

    assert result.address == Address("zalophone", PHONE)
    assert result.values["status_label"] == "Đã có kết quả"
    assert supplement.address.scheme == "sms"


def test_a_chat_reads_its_own_language_and_sms_the_office_s() -> None:
    item, copy = spread(SUPPLEMENT, audience([bound("zalo", language="en"), bound("telegram", language="en")]))

    assert item.text.startswith("Dear Sir or Madam")
    assert item.alternatives[-1].text.startswith("Kinh gui")
    assert copy.text == item.text


def test_buttons_are_for_chats_that_have_them() -> None:
    _, by_telegram = spread(SUPPLEMENT, audience([bound("telegram")]))
    (by_zalo,) = spread(SUPPLEMENT, audience([bound("zalo")]))

    assert [option.says for option in by_telegram.options] == [f"hs {DOSSIER.code}"]
    assert by_zalo.options == ()


def test_a_chat_of_a_channel_that_is_gone_is_no_way() -> None:
    (item,) = spread(SUPPLEMENT, audience([bound("telegram", channel="old")]))

    assert item.address.scheme == "sms"


def test_who_follows_hears_status_and_dates_and_not_what_is_asked_for() -> None:
    owner, follower = spread(SUPPLEMENT, audience([bound("zalo", "2512")], [following()]))

    assert "hộ chiếu" in owner.text
    assert (follower.address, follower.situation) == (Address("telegram", "99"), Situation.PROGRESS)
    assert "hộ chiếu" not in follower.text
    assert "mờ" not in follower.text
    assert "Vĩnh Hải" not in follower.text
    assert "thường trú" not in follower.text
    assert DOSSIER.code in follower.text
    assert follower.dedupe_key != owner.dedupe_key


def test_an_owner_who_also_follows_hears_it_once() -> None:
    items = spread(SUPPLEMENT, audience([bound("telegram", "99")], [following()]))

    assert [item.address.key for item in items] == [f"sms:{PHONE}", "telegram:99"]
    assert "hộ chiếu" in items[1].text


def test_who_follows_hears_of_a_dossier_that_has_no_phone() -> None:
    nobody = replace(DOSSIER, phone="")
    heard = Audience({}, {("s", DOSSIER.code): [following()]}, {})

    owner, follower = REACH.spread([told(replace(SUPPLEMENT, phone=""), nobody)], heard, now=NOW)

    assert owner.state is DeliveryState.SUPPRESSED
    assert follower.state is DeliveryState.QUEUED
    assert follower.reason == ""


def test_a_number_that_was_disowned_hears_nothing_of_older_dossiers() -> None:
    (older,) = spread(SUPPLEMENT, audience(disowned=NOW + timedelta(hours=1)))
    (newer,) = spread(SUPPLEMENT, audience(disowned=NOW - timedelta(hours=1)))

    assert (older.state, older.reason) == (DeliveryState.SUPPRESSED, "the number belongs to somebody else")
    assert newer.state is DeliveryState.QUEUED


def test_a_sensitive_procedure_is_not_named_nor_what_is_asked_for() -> None:
    sensitive = replace(SUPPLEMENT, procedure="1.001776.000.00.00.H32")

    item, copy = spread(sensitive, audience([bound("zalo"), bound("telegram")]))

    texts = (item.text, item.alternatives[-1].text, copy.text)
    assert all(DOSSIER.procedure_name not in text for text in texts)
    assert all("chiếu" not in text and "chieu" not in text for text in texts)


def test_satisfaction_is_asked_in_chats_and_by_sms_only_where_that_is_wanted() -> None:
    in_chat = spread(RETURNED, audience([bound("webchat"), bound("telegram")]))
    by_sms = spread(RETURNED, audience())
    wanted = spread(RETURNED, audience(), replace(REACH, survey=SurveySettings(schemes=("sms",))))

    assert [item.situation for item in in_chat] == [Situation.SURVEY]
    assert [option.says for option in in_chat[0].options] == [f"danh gia {n} {DOSSIER.code}" for n in (1, 2, 3)]
    assert ways_of(in_chat[0]) == ["telegram", "webchat"]
    assert [(item.situation, item.address.scheme) for item in by_sms] == [(Situation.RETURNED, "sms")]
    assert [(item.situation, item.address.scheme) for item in wanted] == [(Situation.SURVEY, "sms")]


def preferring(heard: Audience, scheme: str = "", *, important_only: bool = False) -> Audience:
    return replace(heard, preferences={PHONE: Preference(PHONE, scheme, important_only=important_only)})


def ways_of(item: OutboxItem) -> list[str]:
    return [item.address.scheme, *(each.address.scheme for each in item.alternatives)]


def test_the_way_that_somebody_prefers_goes_first_and_the_rest_stay_at_hand() -> None:
    chats = audience([bound("zalo", "2512"), bound("telegram")])

    (by_telegram,) = spread(SUPPLEMENT, preferring(chats, "telegram"))
    by_sms, beside = spread(SUPPLEMENT, preferring(chats, "sms"))

    assert ways_of(by_telegram) == ["telegram", "zalo", "sms"]
    assert (ways_of(by_sms), ways_of(beside)) == (["sms", "zalo"], ["telegram"])
    assert (by_sms.channel, by_sms.text.isascii()) == ("sms", True)
    assert by_telegram.options != ()


def test_where_the_preferred_way_is_gone_the_office_s_order_holds() -> None:
    (item,) = spread(SUPPLEMENT, preferring(audience([bound("zalo", "2512")]), "telegram"))

    assert ways_of(item) == ["zalo", "sms"]


PROGRESS = replace(DOSSIER, appointment_at=NOW + timedelta(days=4))
MOVED = replace(DOSSIER, appointment_at=NOW + timedelta(days=9))
PAYMENT = replace(DOSSIER, status=Status.PAYMENT)


def test_who_asked_for_important_news_only_is_spared_progress_and_the_question_after_it() -> None:
    chats = preferring(audience([bound("telegram")]), important_only=True)

    items = [item for after in (PROGRESS, RETURNED) for item in spread(after, chats)]

    assert [item.situation for item in items] == [Situation.APPOINTMENT, Situation.SURVEY]
    assert {(item.state, item.reason, item.settled_at) for item in items} == {
        (DeliveryState.SUPPRESSED, "asked for important news only", NOW)
    }


def test_what_matters_is_never_silenced_and_to_pay_is_such_a_matter() -> None:
    chats = preferring(audience([bound("zalo")]), important_only=True)
    ends = [replace(DOSSIER, status=status) for status in (Status.REFUSED, Status.STOPPED, Status.WITHDRAWN)]

    items = [item for after in (SUPPLEMENT, RESULT, MOVED, PAYMENT, *ends) for item in spread(after, chats)]

    assert [item.situation.value for item in items] == [
        "supplement", "result_early", "apology", "payment", "refused", "stopped", "withdrawn",
    ]  # fmt: skip
    assert {item.state for item in items} == {DeliveryState.QUEUED}


def test_what_the_owner_is_spared_her_followers_hear() -> None:
    chats = preferring(audience([bound("zalo", "2512")], [following()]), important_only=True)

    owner, follower = spread(PROGRESS, chats)

    assert (owner.state, follower.state) == (DeliveryState.SUPPRESSED, DeliveryState.QUEUED)


def test_who_cannot_be_asked_and_wants_important_news_only_is_not_told_of_the_end_that_she_saw() -> None:
    (item,) = spread(RETURNED, preferring(audience(), important_only=True))

    assert (item.situation, item.state) == (Situation.RETURNED, DeliveryState.SUPPRESSED)


def test_an_owner_to_whom_no_way_leads_is_counted_as_not_told() -> None:
    only_chats = replace(REACH, settings=ReachSettings(order=("zalo",)))

    (item,) = spread(SUPPLEMENT, audience(), only_chats)

    assert (item.state, item.reason) == (DeliveryState.SUPPRESSED, "no way leads there")
