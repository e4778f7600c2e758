"""Which way a message takes, what it costs, and what becomes of it, against the simulated Zalo."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from unicodedata import normalize

import pytest

from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Situation, Uncertain
from bot.model.person import Address
from tests.adapters.zalo.support import USER, VALUES, bench, grant, item, person

DAY = timedelta(days=1)


async def test_an_answer_within_two_days_is_free_text_and_costs_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER)

        outcome = await zalo.send(item(text="Kính gửi Ông/Bà,\nhồ sơ đã xong."))

        (shown,) = await zalo.zalo.shown(USER)
        assert outcome == Accepted((shown["message_id"],), cost=0)
        assert (shown["kind"], shown["text"]) == ("text", "Kính gửi Ông/Bà,\nhồ sơ đã xong.")


async def test_an_answer_after_two_days_has_a_price(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER, ago=3 * DAY)

        known = await zalo.send(item(heard=3 * DAY))
    async with bench(tmp_path, price_late=None) as zalo:
        await zalo.zalo.heard(USER, ago=3 * DAY)

        unknown = await zalo.send(item(heard=3 * DAY))

    assert known.cost == 55
    assert unknown.cost is None


async def test_who_was_silent_for_a_week_gets_the_registered_template(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await zalo.send(item(heard=8 * DAY))

        (shown,) = await zalo.zalo.shown(USER)
        assert outcome == Accepted((shown["message_id"],), cost=200)
        assert shown["template_id"] == "100001"
        assert shown["values"] == {"ma_ho_so": "H32.15-261122-0001", "trang_thai": "Đã có kết quả"}


async def test_minutes_before_the_gate_shuts_nothing_is_risked(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER)

        await zalo.send(item(heard=7 * DAY - timedelta(minutes=5)))

        assert (await zalo.zalo.shown(USER))[0]["kind"] == "template"


async def test_where_zalo_knows_better_that_the_gate_is_shut_the_template_goes_and_nothing_twice(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER, ago=8 * DAY)

        outcome = await zalo.send(item(heard=DAY))

        assert isinstance(outcome, Accepted)
        assert [shown["kind"] for shown in await zalo.zalo.shown(USER)] == ["template"]


@pytest.mark.parametrize("heard", [None, 8 * DAY, DAY])
async def test_without_a_template_a_shut_gate_sends_the_message_another_way(
    tmp_path: Path, heard: timedelta | None
) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER, ago=8 * DAY)

        outcome = await zalo.send(item(heard=heard, situation=Situation.PROGRESS))

        assert outcome == Rejected("no registered template for progress, and free text may not be sent now")


async def test_a_long_text_comes_whole_in_order_in_several_messages(tmp_path: Path) -> None:
    lines = [f"Dòng {number}: " + "chữ " * 20 for number in range(60)]
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER)

        outcome = await zalo.send(item(text="\n".join(lines)))

        shown = await zalo.zalo.shown(USER)
        assert outcome.references == tuple(each["message_id"] for each in shown)
        assert len(shown) == 3
        assert all(len(each["text"]) <= 2000 for each in shown)
        assert "\n".join(each["text"] for each in shown).split() == " ".join(lines).split()


async def test_a_text_in_the_other_unicode_form_is_composed_before_it_is_counted(tmp_path: Path) -> None:
    decomposed = normalize("NFD", "ế" * 1900)
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER)

        outcome = await zalo.send(item(text=decomposed))

        assert len(outcome.references) == 1


async def test_a_phone_gets_the_template_with_our_reference_and_its_receipt_comes_back(tmp_path: Path) -> None:
    user, phone = person()
    sent = item(phone=phone)
    async with bench(tmp_path) as zalo:
        outcome = await zalo.send(sent)
        receipt = await zalo.heard.next()

        (shown,) = await zalo.zalo.shown(user)
        assert outcome == Accepted((shown["message_id"],), cost=300)
        assert receipt.item_id == sent.id  # type: ignore[union-attr]
        assert receipt.state == "delivered"  # type: ignore[union-attr]


async def test_receipts_of_free_text_are_known_by_zalos_own_id(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER)

        outcome = await zalo.send(item())
        receipt = await zalo.heard.next()

        assert receipt.reference == outcome.references[0]  # type: ignore[union-attr]
        assert not outcome.final


async def test_where_no_receipts_are_told_free_text_has_arrived_and_a_phone_stays_open(tmp_path: Path) -> None:
    async with bench(tmp_path, receipts=False) as zalo:
        await zalo.zalo.heard(USER)

        text, template = await zalo.send(item()), await zalo.send(item(phone=person()[1]))

        assert text.final
        assert not template.final
        assert not zalo.channel.limits.receipts
        assert not zalo.channel.limits.arrives_when_accepted


async def test_a_phone_without_zalo_lets_the_message_take_the_next_way(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await zalo.send(item(phone=person("0001")[1]))

        assert outcome == Rejected("Zalo -118: no Zalo account has this number")


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("0114", Rejected("Zalo -114: the user cannot get it: inactive, opted out or an old Zalo")),
        ("0139", Rejected("Zalo -139: the user refused this kind of message", blocked=True)),
        ("0141", Rejected("Zalo -141: the user refused messages from this account", blocked=True)),
        ("0146", Rejected("Zalo -146: the template is disabled: too many complaints")),
        ("0200", Retry("Zalo -200: sending failed")),
        ("0101", ChannelDown("Zalo -101: sai app_id / the app's id is invalid")),
        ("0500", Uncertain("HTTP 500 that is not understood")),
        ("0999", Uncertain("HTTP 200 that is not understood")),
        ("0008", Uncertain("no answer in time")),
        ("0007", Uncertain("no answer (the connection fell)")),
    ],
)
async def test_each_misfortune_has_its_outcome(tmp_path: Path, ending: str, expected: object) -> None:
    patience = {"response_timeout": 0.5} if ending == "0008" else {}
    async with bench(tmp_path, **patience) as zalo:
        outcome = await zalo.send(item(phone=person(ending)[1]))

        assert outcome == expected


async def test_a_connection_that_falls_is_never_tried_again_by_the_http_client(tmp_path: Path) -> None:
    user, phone = person("0007")
    async with bench(tmp_path) as zalo:
        await zalo.send(item(phone=person()[1]))

        await zalo.send(item(phone=phone))

        assert len(await zalo.zalo.shown(user)) == 1


async def test_a_closed_door_pauses_the_channel_and_nothing_was_sent(tmp_path: Path) -> None:
    async with bench(tmp_path, api_url="http://127.0.0.1:9", business_url="http://127.0.0.1:9") as zalo:
        outcome = await zalo.send(item(phone=person()[1]))

        assert outcome == ChannelDown("no connection (ECONNREFUSED)")


async def test_too_many_requests_wait_for_the_next_minute_and_climb_no_ladder(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 3, 0, 48, tzinfo=UTC)
    async with bench(tmp_path, clock=lambda: now) as zalo:
        outcome = await zalo.send(item(phone=person("0006")[1]))

        assert outcome == Retry("Zalo -32: too many requests this minute", 12.0, counts=False)


async def test_money_that_is_gone_sends_templates_another_way_while_answers_go_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as zalo:
        await zalo.zalo.heard(USER)

        template, answer = await zalo.send(item(phone=person("0115")[1])), await zalo.send(item())

        assert isinstance(template, Retry)
        assert (template.after, template.counts, template.elsewhere) == (900.0, False, True)
        assert isinstance(answer, Accepted)


async def test_at_night_a_template_waits_for_six_in_the_morning(tmp_path: Path) -> None:
    night = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 23:30 in Vietnam
    async with bench(tmp_path, clock=lambda: night) as zalo:
        await zalo.zalo.fault(night=True)
        long_lived = item(phone=person()[1], expires_at=night + DAY)
        short_lived = item(phone=person()[1], expires_at=night + timedelta(minutes=10))

        waits, goes = await zalo.send(long_lived), await zalo.send(short_lived)

        six_hours_and_a_half = 6.5 * 3600
        assert waits == Retry("Zalo -133: not at night", six_hours_and_a_half, counts=False)
        assert goes == Retry("Zalo -133: not at night", six_hours_and_a_half, counts=False, elsewhere=True)


async def test_a_used_up_quota_is_remembered_until_midnight_in_vietnam(tmp_path: Path) -> None:
    moments = [datetime(2026, 11, 24, 14, 0, tzinfo=UTC)]  # 21:00 in Vietnam
    until_midnight = Retry("today's template messages are used up", 3 * 3600.0, counts=False, elsewhere=True)
    _, phone = person()
    async with bench(tmp_path, clock=lambda: moments[0], simulated_with={"quota": 1}) as zalo:
        last = await zalo.send(item(phone=person()[1]))
        refused = await zalo.send(item(phone=phone))
        calls = await zalo.zalo.get("stats")
        moments[0] += timedelta(hours=3, minutes=1)
        await zalo.zalo.fault(quota=500)
        next_day = await zalo.send(item(phone=phone))

        assert isinstance(last, Accepted)
        assert refused == until_midnight
        assert calls.get("-144", 0) == 0, "what is known to be used up is not asked for"
        assert isinstance(next_day, Accepted)


async def test_a_daily_limit_that_zalo_tells_of_is_remembered_too(tmp_path: Path) -> None:
    async with bench(tmp_path, simulated_with={"quota": 0}) as zalo:
        first, second = [await zalo.send(item(phone=person()[1])) for _ in range(2)]

        assert first.reason == "Zalo -144: the account's messages of today are used up"
        assert (first.counts, first.elsewhere) == (False, True)
        assert second.reason == "today's template messages are used up"
        assert (await zalo.zalo.get("stats"))["-144"] == 1


async def test_what_a_template_cannot_say_never_leaves(tmp_path: Path) -> None:
    long_code = VALUES | {"code": "000.17.22.H56-210531-0001-0000007"}
    async with bench(tmp_path) as zalo:
        too_long = await zalo.send(item(phone=person()[1], values=long_code))
        missing = await zalo.send(item(phone=person()[1], values={"code": "H32.15-261122-0001"}))

        assert too_long == Rejected("template parameter ma_ho_so: code has 33 characters, more than 30")
        assert missing == Rejected("template parameter trang_thai: there is no status_label")
        assert "messages" not in await zalo.zalo.get("stats")


@pytest.mark.parametrize(
    "address",
    [
        Address("sms", "+84912345678"),
        Address("zalo", "../x"),
        Address("zalophone", "+12025550100"),
        Address("zalo", ""),
    ],
)
async def test_addresses_that_are_none_of_zalos_are_refused(tmp_path: Path, address: Address) -> None:
    async with bench(tmp_path) as zalo:
        outcome = await zalo.send(item(address=address))

        assert outcome == Rejected("the address is neither a user of the account nor a Vietnamese phone")


async def test_a_token_that_zalo_calls_ended_is_renewed_once_and_the_message_goes(tmp_path: Path) -> None:
    _, phone = person("0216")
    async with bench(tmp_path, kept=grant(datetime.now(UTC), age=1)) as zalo:
        outcome = await zalo.send(item(phone=phone))

        assert isinstance(outcome, Accepted)
        assert await zalo.zalo.rotations() == 1


async def test_trials_are_marked_so_that_they_reach_administrators_only(tmp_path: Path) -> None:
    log = tmp_path / "zalo.jsonl"
    async with bench(tmp_path, development=True, simulated_with={"log": log}) as zalo:
        await zalo.send(item(phone=person()[1]))

    assert '"mode": "development"' in log.read_text(encoding="utf-8")
