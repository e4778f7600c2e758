"""A citizen says by which of her ways she wants to be told and of what; the next change of her dossier obeys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config import LinkSettings
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Status
from bot.model.message import DeliveryState, InboundMessage, OutboxItem
from bot.model.person import Address, Binding, Preference, Proof
from bot.planning import Planner
from bot.ports import Storage
from bot.reaching import Chats as ChatChannels
from bot.reaching import Reach
from tests.flows.test_ways import OPEN
from tests.flows.test_ways import service as town_with_telegram
from tests.support.chats import Chats
from tests.support.making import OWNER_PHONE, batch, dossier, numbered_ids, planner

PHONE = Address("sms", OWNER_PHONE)
TELEGRAM = Address("telegram", "4711")
ZALO = Address("zalo", "2512")
ZALOBOT = Address("zalobot", "77")
WEB = Address("webchat", "3f" * 16)
STRANGER = Address("telegram", "666")


def _planner() -> Planner:
    """With ids of its own, beside those of the replies."""
    numbers = numbered_ids()
    return planner(lambda: f"P{numbers()[1:]}")


class Town(Chats):
    """Chats, and the one-stop software whose news go to them."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        made = _planner()
        schemes = {each: each for each in ("zalo", "telegram", "zalobot")}
        reach = Reach(made, ChatChannels(schemes=schemes, buttons=frozenset({"telegram"})))
        self.copies: list[Address] = []
        self.mirror_of_office = Mirror("office", storage, made, self.time, reach=reach)

    async def bind(self, *chats: Address) -> None:
        for chat in chats:
            now = self.time()
            binding = Binding(chat, OWNER_PHONE, Proof.CONTACT, now, now, chat.scheme)
            await self.storage.write(lambda tx, binding=binding: tx.people.bind(binding))  # type: ignore[misc]

    async def change(self, status: Status, number: int = 1) -> OutboxItem:
        """What is planned for the owner because the dossier has this status now; free chats that get a copy of their
        own are in `copies`."""
        self.time.pass_(minutes=1)
        known = {each.id for each in await self._planned()}
        given = dossier(number, status=status, supplement="Bản sao hộ chiếu")
        await self.mirror_of_office.apply(batch(given, cursor=str(self.time())))
        fresh = sorted((each for each in await self._planned() if each.id not in known), key=lambda each: each.id)
        item, *copies = fresh
        self.copies = [each.address for each in copies]
        return item

    async def _planned(self) -> list[OutboxItem]:
        states = (DeliveryState.QUEUED, DeliveryState.SUPPRESSED, DeliveryState.SUPERSEDED)
        found = [await self.storage.read(lambda tx, s=state: tx.outbox.listed(s, limit=99)) for state in states]  # type: ignore[misc]
        return [item for listed in found for item in listed if item.origin.startswith("change:")]

    async def preference(self) -> Preference | None:
        return await self.storage.read(lambda tx: tx.people.preference(OWNER_PHONE))


@pytest.fixture
async def town(sqlite_storage: Storage) -> AsyncIterator[Town]:
    town = Town(sqlite_storage)
    yield town
    assert (await balance(town.storage)).balanced


async def test_from_the_word_on_news_take_the_way_that_was_asked_for(town: Town) -> None:
    await town.bind(ZALO, TELEGRAM)

    before = await town.change(Status.RECEIVED)
    answer = await town.says(ZALO, "chuyển sang telegram")
    by_telegram, beside_telegram = await town.change(Status.PROCESSING), town.copies
    by_sms_answer = await town.says(PHONE, "NHAN TIN QUA SMS")
    by_sms = await town.change(Status.SUPPLEMENT)

    assert "qua Telegram trước" in answer
    assert "qua SMS truoc" in by_sms_answer
    assert [item.address for item in (before, by_telegram, by_sms)] == [ZALO, TELEGRAM, PHONE]
    assert [each.address for each in by_telegram.alternatives] == [ZALO, PHONE]
    assert beside_telegram == []
    assert [each.address for each in by_sms.alternatives] == [ZALO]
    assert town.copies == [TELEGRAM]


async def test_who_wants_only_what_matters_is_spared_progress_and_hears_the_rest(town: Town) -> None:
    await town.bind(TELEGRAM)

    answer = await town.says(TELEGRAM, "chỉ tin quan trọng")
    progress = await town.change(Status.RECEIVED)
    supplement = await town.change(Status.SUPPLEMENT)
    copied = town.copies
    again = await town.says(TELEGRAM, "nhận đủ tin")
    all_news = await town.change(Status.PROCESSING)

    assert "chỉ nhắn tin quan trọng" in answer
    assert (progress.state, progress.reason) == (DeliveryState.SUPPRESSED, "asked for important news only")
    assert (supplement.state, supplement.address) == (DeliveryState.QUEUED, PHONE)
    assert copied == [TELEGRAM]
    assert "nhắn đủ các tin" in again
    assert all_news.state is DeliveryState.QUEUED


async def test_the_two_choices_do_not_undo_each_other(town: Town) -> None:
    await town.bind(TELEGRAM)

    await town.says(TELEGRAM, "tin quan trọng")
    await town.says(TELEGRAM, "by telegram")
    both = await town.preference()
    await town.says(PHONE, "all news")

    assert both == Preference(OWNER_PHONE, "telegram", important_only=True)
    assert await town.preference() == Preference(OWNER_PHONE, "telegram", important_only=False)


async def test_the_settings_show_what_holds_and_one_tap_changes_it(town: Town) -> None:
    await town.bind(ZALO, TELEGRAM)

    (first,) = await town.items(TELEGRAM, "tùy chọn")
    (tapped,) = await town.items(TELEGRAM, first.options[0].says)
    await town.items(TELEGRAM, tapped.options[-1].says)

    assert "theo thứ tự kênh của cơ quan" in first.text
    assert "đã ghi nhận" not in first.text
    assert [each.label for each in first.options] == [
        "Nhận tin qua Zalo", "Nhận tin qua Telegram", "Nhận tin qua SMS", "Chỉ tin quan trọng",
    ]  # fmt: skip
    assert "đã ghi nhận" in tapped.text
    assert [each.says for each in tapped.options][:2] == ["nhận tin qua telegram", "nhận tin qua sms"]
    assert await town.preference() == Preference(OWNER_PHONE, "zalo", important_only=True)


async def test_in_english_the_same(town: Town) -> None:
    await town.bind(TELEGRAM)
    await town.says(TELEGRAM, "english")

    shown = await town.says(TELEGRAM, "settings")
    changed = await town.says(TELEGRAM, "important only")

    assert "in the office's order" in shown
    assert "only when it matters" in changed


@pytest.mark.parametrize("text", ["qua telegram", "tùy chọn", "chỉ tin quan trọng", "qua zalo"])
@pytest.mark.parametrize("chat", [STRANGER, WEB])
async def test_who_has_proved_no_phone_is_told_how_to_and_changes_nothing(town: Town, chat: Address, text: str) -> None:
    await town.bind(TELEGRAM)

    answer = await town.says(chat, text)

    assert "LIÊN KẾT và số điện thoại" in answer
    assert await town.preference() is None


async def test_a_chat_that_is_not_bound_is_not_promised(town: Town) -> None:
    town.behave(links=LinkSettings(telegram="MotCuaBot"))
    await town.bind(ZALO)

    by_chat = await town.says(ZALO, "nhận tin qua telegram")
    by_sms = await town.items(PHONE, "by telegram")

    assert "Chưa có cuộc trò chuyện Telegram nào liên kết" in by_chat
    assert "@MotCuaBot" in by_chat
    assert "LIEN KET" in by_sms[0].text
    assert by_sms[0].parts <= 2
    assert await town.preference() is None


async def test_where_no_sms_is_sent_none_is_promised(town: Town) -> None:
    town.behave(sms=None)
    await town.bind(TELEGRAM)

    answer = await town.says(TELEGRAM, "chuyển sang SMS")
    (shown,) = await town.items(TELEGRAM, "tùy chọn")

    assert "không gửi tin về hồ sơ bằng SMS" in answer
    assert [each.label for each in shown.options] == ["Chỉ tin quan trọng"]
    assert await town.preference() is None


async def test_zalo_means_the_zalo_chat_in_which_it_is_said(town: Town) -> None:
    await town.bind(ZALO, ZALOBOT)

    await town.says(ZALOBOT, "nhận tin qua zalo")
    in_the_bot = await town.preference()
    await town.says(PHONE, "NHAN TIN QUA ZALO")

    assert in_the_bot == Preference(OWNER_PHONE, "zalobot")
    assert await town.preference() == Preference(OWNER_PHONE, "zalo")


async def test_a_chat_that_is_unbound_later_is_not_said_to_go_first(town: Town) -> None:
    await town.bind(TELEGRAM)
    await town.says(TELEGRAM, "by telegram")
    await town.says(TELEGRAM, "hủy liên kết")

    shown = await town.says(PHONE, "TUY CHON")
    item = await town.change(Status.RECEIVED)

    assert "theo thu tu cua co quan" in shown
    assert item.address == PHONE


async def test_a_wrong_number_takes_the_preferences_of_its_old_owner_along(town: Town) -> None:
    await town.says(PHONE, "TIN QUAN TRONG")
    town.time.pass_(days=200)
    await town.says(PHONE, "sai so")
    await town.says(PHONE, "1")

    assert await town.preference() is None


@pytest.mark.timeout(30)
async def test_through_the_real_channels_the_way_changes_with_the_word(tmp_path: Path) -> None:
    def said(number: int, text: str) -> InboundMessage:
        return InboundMessage(channel="telegram", message_id=str(number), sender=OPEN, text=text, at=utc_now())

    async with town_with_telegram(tmp_path) as town:
        await town.bind(OPEN)
        await town.app.deliver([said(1, "chuyển sang SMS")])
        await town.tell(Status.RECEIVED)
        await town.settled(DeliveryState.DELIVERED, 2)
        await town.app.deliver([said(2, "by telegram")])
        await town.tell(Status.PROCESSING)
        sent = await town.settled(DeliveryState.DELIVERED, 4)
        books = await balance(town.app.storage)

    news = sorted((item for item in sent if item.code), key=lambda item: item.id)
    assert [item.address for item in news] == [PHONE, OPEN]
    (line,) = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert news[0].id in line
    assert books.balanced
