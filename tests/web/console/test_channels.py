"""The page of channels: how each fares in words, what waits and costs, pauses with a reason, provider's accounts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from adapters.channels import log, zalo
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.staff import Grant, Role
from bot.plan import Configured
from bot.ports import AccountState, Channel, Limits, Minute, Move, Pause, Settlement, Storage
from bot.standing import standings
from bot.vaults import vault_for
from bot.web.console.channel_words import reason_words, state_words
from bot.web.console.show import load_words
from bot.web.console.spark import spark_of
from tests.web.console.rig import Rig, open_rig

WORDS = load_words("vi")["channels"]


@pytest.fixture
async def office(sqlite_storage: Storage) -> AsyncIterator[Rig]:
    """With a route, and a budget that a commune has nearly spent."""
    budget = {"monthly": 1_000_000, "agencies": {"H32.10": 10_000}}
    async with open_rig(sqlite_storage, budget=budget) as rig:
        sms = Configured("trial", "log", log.Settings(), "sms")
        rig.app.plan = replace(rig.app.plan, channels=[*rig.app.plan.channels, sms])
        yield rig


async def message(rig: Rig, *, queue: str = "trial", minutes_ago: float = 0, agency: str = "H32.10") -> str:
    at = rig.clock() - timedelta(minutes=minutes_ago)
    item = OutboxItem(
        id=rig.app.new_id(), dedupe_key=rig.app.new_id(), origin=f"test:{rig.app.new_id()}", channel=queue,
        agency=agency, address=Address("sms", f"+8491{len(queue)}{at.microsecond:06}"), lane=Lane.PUSH,
        situation=Situation.RESULT, text="Kết quả đã có", created_at=at, next_at=at, expires_at=at + timedelta(days=1),
    )  # fmt: skip
    await rig.storage.write(lambda tx: tx.outbox.enqueue([item]))
    return item.id


async def sends(rig: Rig, *, cost: int) -> None:
    """One message leaves and is paid for."""
    await message(rig)
    # Not before it was planned: the clock goes on.
    now = rig.clock()
    [claimed] = await rig.storage.write(
        lambda tx: tx.outbox.claim("trial", owner="t", now=now, lease_until=now + timedelta(minutes=1), limit=1)
    )
    done = Settlement(item_id=claimed.item.id, owner="t", state=DeliveryState.ACCEPTED, at=now, cost=cost)
    await rig.storage.write(lambda tx: tx.outbox.settle([done]))


async def test_every_channel_says_how_it_fares_and_what_waits(office: Rig) -> None:
    await message(office, minutes_ago=12)
    await message(office, minutes_ago=1)
    await office.storage.write(lambda tx: tx.routing.move(Move("webchat", office.clock(), 100, 0, "works again")))
    clerk = await office.staff(Role.VIEWER)

    await clerk.get("/kenh")

    assert "Sẵn sàng; một giờ qua chưa có tin nào" in clerk.words
    assert "Mất liên lạc, đang thử lại" in clerk.words
    assert "2 tin, cũ nhất chờ 12 phút" in clerk.words
    assert "webchat : 100% → 0%. Gửi được trở lại." in clerk.words
    assert 'data-live="/can-bo/kenh/moi"' in clerk.page


async def test_the_live_part_answers_the_same_table_afresh(office: Rig) -> None:
    clerk = await office.staff(Role.VIEWER)
    await clerk.get("/kenh/moi")
    before = clerk.words

    await sends(office, cost=0)
    await clerk.get("/kenh/moi")

    assert "nhận 0, lỗi 0" in before
    assert "nhận 1, lỗi 0" in clerk.words
    assert clerk.page.lstrip().startswith('<div data-live="/can-bo/kenh/moi">')


async def test_a_channel_is_paused_with_a_reason_recorded_and_let_go_on(office: Rig) -> None:
    admin = await office.staff(Role.ADMINISTRATOR, login="binh")
    await admin.get("/kenh/trial")

    await admin.post("/kenh/trial/tam-dung", reason="")
    unsaid, status = admin.words, admin.status
    await admin.post("/kenh/trial/tam-dung", reason="Bảo trì đêm")
    paused, pauses = admin.words, await office.storage.read(lambda tx: tx.routing.pauses())
    await admin.post("/kenh/trial/tam-dung", reason="Lần nữa")
    await admin.get("/kenh/trial")
    await admin.post("/kenh/trial/chay-lai", reason="")

    assert status == 422
    assert "Xin ghi lý do trước khi tạm dừng" in unsaid
    assert "trial đã tạm dừng" in paused
    assert (pauses["trial"].by, pauses["trial"].reason) == ("binh", "Bảo trì đêm")
    assert "trial chạy lại." in admin.words
    assert await office.storage.read(lambda tx: tx.routing.pauses()) == {}
    assert [(each.what, each.subject, each.after) for each in await office.recorded("channel.")] == [
        ("channel.paused", "trial", {"reason": "Bảo trì đêm"}),
        ("channel.resumed", "trial", {}),
    ]


@pytest.mark.parametrize("grant", [Grant(Role.CLERK), Grant(Role.APPROVER), Grant(Role.ADMINISTRATOR, "H32.10")])
async def test_only_who_administers_the_province_pauses(office: Rig, grant: Grant) -> None:
    clerk = await office.staff(grant)
    await clerk.get("/kenh")
    await clerk.get("/kenh/trial")
    shown = clerk.page

    await clerk.post("/kenh/trial/tam-dung", reason="x")

    assert clerk.status in (403, 404)
    assert "tam-dung" not in shown
    assert await office.storage.read(lambda tx: tx.routing.pauses()) == {}


async def test_a_channel_that_is_not_there_is_missing(office: Rig) -> None:
    admin = await office.staff(Role.ADMINISTRATOR)
    await admin.get("/kenh/khong-co")
    page = admin.status
    await admin.get("/kenh/trial")

    await admin.post("/kenh/khong-co/tam-dung", reason="x")

    assert (page, admin.status) == (404, 404)


async def test_budgets_say_what_is_left_and_show_the_agencies_that_one_covers(office: Rig) -> None:
    await sends(office, cost=10_500)
    province, commune = await office.staff(Role.VIEWER), await office.staff(Grant(Role.VIEWER, "H32.20"))

    await province.get("/kenh")
    await commune.get("/kenh")

    assert "H32.10 10.500 đ đã hết" in province.words
    assert "vượt ngân sách" in province.words
    assert "10.500" not in commune.words


class Desk:
    """An account at a provider, as it stands today."""

    async def kept(self) -> AccountState:
        return AccountState(token_ends_at=datetime.fromisoformat("2026-11-23T10:00:00+07:00"))

    async def asked(self) -> AccountState:
        return AccountState(name="Một cửa Khánh Hòa", remaining=1_204, daily=2_000, balance=350_000)


async def test_the_provider_is_asked_when_somebody_wants_to_know(office: Rig) -> None:
    limits = Limits(longest=0, rate=0, window=1)
    sms = Channel(name="trial", sender=office.app.channels[0].sender, limits=limits, account=Desk())
    office.app.channels = [*office.app.channels, sms]
    admin = await office.staff(Role.ADMINISTRATOR)

    await admin.get("/kenh/trial")
    before = admin.words
    await admin.post("/kenh/trial/hoi")

    assert "Token dùng đến 10:00 · 23/11/2026" in before
    assert "Số dư trả trước chưa biết" in before
    assert "Số dư trả trước 350.000 đ" in admin.words
    assert "Một cửa Khánh Hòa" in admin.words
    assert "1.204 / 2.000" in admin.words
    assert [each.what for each in await office.recorded("channel.")] == ["channel.asked"]


async def test_the_end_of_zalos_consent_is_known_without_asking_zalo(sqlite_storage: Storage, rig: Rig) -> None:
    vault = vault_for(sqlite_storage, "zalo", clock=rig.clock)
    settings = zalo.Settings.model_construct(app_id="1", app_secret=SecretStr(""))
    account = zalo.OfficialAccount(settings, vault, clock=rig.clock)
    unknown = await account.kept()
    now = rig.clock()
    grant = zalo.Grant(
        access_token="a" * 20, refresh_token="r" * 20, expires_at=now + timedelta(hours=20), refreshed_at=now
    )

    await vault.keep(grant.text)
    kept = await account.kept()

    assert "chưa được OA cấp quyền" in unknown.trouble
    assert (kept.token_ends_at, kept.renewed_at, kept.trouble) == (now + timedelta(hours=20), now, "")
    assert kept.consent_ends_at is not None
    assert kept.consent_ends_at > now + timedelta(days=80)


def minute(at: datetime, **counts: int) -> Minute:
    return Minute(gateway="g", minute=at, **counts)


def test_the_line_of_an_hour_has_a_point_a_minute_and_a_bar_for_errors() -> None:
    now = datetime.fromisoformat("2026-11-22T10:30:20+00:00")
    begin = now.replace(second=0)
    minutes = [
        minute(begin, accepted=10, delivered=4),
        minute(begin - timedelta(minutes=59), accepted=5, errors=2, uncertain=3, rejected=1),
        minute(begin - timedelta(minutes=60), accepted=999),
    ]

    spark = spark_of(minutes, now=now)

    points = [tuple(map(float, each.split(","))) for each in spark.accepted.split()]
    assert (len(points), points[0], points[-1]) == (60, (0.0, 16.0), (180.0, 2.0))
    assert list(spark.errors) == [(0.0, 18.0, 14.0)]
    assert (spark.most, spark.taken, spark.failed, spark.refused, spark.delivered) == (10, 15, 5, 1, 4)


def test_an_hour_without_messages_is_a_flat_line() -> None:
    spark = spark_of([], now=datetime.fromisoformat("2026-11-22T10:30:20+00:00"))

    assert {each.split(",")[1] for each in spark.accepted.split()} == {"30.0"}
    assert (spark.most, spark.errors) == (0, [])


def test_what_the_watch_complains_of_is_told_in_our_words() -> None:
    assert reason_words(WORDS, "12% of 50 answers in 5 min were errors") == "12% trong 50 lần gửi của 5 phút qua bị lỗi"
    assert "không có báo nhận" in reason_words(WORDS, "40% of 30 receipts took longer than 5 min or did not come")
    assert reason_words(WORDS, "it fares well again") == "Đã ổn định trở lại."
    assert reason_words(WORDS, "bảo trì") == "bảo trì"


async def test_a_state_is_a_sentence_for_everything_that_can_be(office: Rig) -> None:
    [_, gateway] = (await standings(office.app.plan, office.storage, now=office.clock())).gateways
    paused = replace(gateway, pause=Pause("trial", office.clock(), "binh", "x"))

    told = [
        state_words(WORDS, each, taken=taken)
        for each, taken in [
            (paused, 0), (replace(gateway, is_sandbox=True), 0), (replace(gateway, share=0), 1),
            (replace(gateway, complaint="12% of 50 answers in 5 min were errors"), 1), (replace(gateway, share=40), 1),
            (gateway, 0), (gateway, 5),
        ]
    ]  # fmt: skip

    assert [kind for _, kind in told] == ["warn", "calm", "wrong", "wrong", "warn", "calm", "good"]
    assert len({sentence for sentence, _ in told}) == 7
