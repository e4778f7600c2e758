"""/phattin: staff order broadcasts by chat; to anybody else the word is unknown."""

import itertools
import re
from dataclasses import dataclass, field, replace

import pytest

from bot.contacts import contacts_of
from bot.deadline_settings import ContactSettings
from bot.model.broadcast import BroadcastState
from bot.model.message import DeliveryState, InboundMessage
from bot.model.person import Address
from bot.model.staff import Credentials, Grant, Member, Role
from bot.phattin import Phattin
from bot.ports import Storage
from tests.flows.broadcasting import MORNING, Office, office_over
from tests.support.making import numbered_ids

_ids = itertools.count(1)


@dataclass
class Chats:
    """The chats of the office's staff and of one citizen."""

    office: Office
    orders: Phattin
    new_ids: list[str] = field(default_factory=list)

    async def says(self, who: str, text: str, *, message_id: str = "") -> str | None:
        """What is answered; None where it was not taken for an order."""
        message = InboundMessage(
            channel="telegram",
            message_id=message_id or str(next(_ids)),
            sender=Address("telegram", who),
            text=text,
            at=self.office.clock(),
        )
        if not await self.orders.takes(message):
            return None
        items = await self.office.storage.read(
            lambda tx: tx.outbox.of_origins([f"inbound:telegram:{message.message_id}"])
        )
        return items[0].text if items else ""


@pytest.fixture
async def chats(storage: Storage) -> Chats:
    office = office_over(storage, chat=("telegram",))
    people = {
        "lan": [Grant(Role.CLERK, "H32.10")],
        "hoa": [Grant(Role.APPROVER, "H32")],
        "xa": [Grant(Role.APPROVER, "H32.11")],
    }
    settings = {name: ContactSettings(roles=("head",), ways=(f"telegram:{name}",), login=name) for name in people}
    settings["khach"] = ContactSettings(roles=("head",), ways=("telegram:khach",))
    for name, grants in people.items():
        member = Member(id=name, login=name, name=name, grants=frozenset(grants), since=MORNING)
        await storage.write(lambda tx, member=member: tx.staff.add(member, Credentials()))  # type: ignore[misc]
    contacts = contacts_of(settings, {"telegram": "telegram"}, numbered_ids(), None)
    return Chats(office, Phattin(office.broadcasts, contacts, office.broadcasts.spreading.reach.planner.new_id))


async def waiting(chats: Chats) -> str:
    """One that waits for approval, by Lan."""
    return (await chats.office.submitted(await chats.office.listed(204))).id


async def test_to_strangers_and_to_staff_without_a_login_the_word_is_unknown(chats: Chats) -> None:
    await waiting(chats)

    answers = [await chats.says(who, "/phattin") for who in ("999", "khach")]

    assert answers == [None, None]


async def test_where_the_configuration_allows_no_chat_nobody_orders(storage: Storage, chats: Chats) -> None:
    closed = replace(
        chats.orders, broadcasts=replace(chats.office.broadcasts, settings=office_over(storage).broadcasts.settings)
    )

    answer = await Chats(chats.office, closed).says("lan", "/phattin")

    assert answer is None


async def test_what_staff_write_beside_orders_is_left_to_the_conversation(chats: Chats) -> None:
    assert await chats.says("lan", "Hồ sơ H32.10-261122-0001 tới đâu rồi?") is None


async def test_what_waits_is_listed_to_those_who_may_see_it(chats: Chats) -> None:
    number = await waiting(chats)

    mine, theirs = await chats.says("hoa", "/PHATTIN"), await chats.says("xa", "/phattin")
    shown, hidden = await chats.says("hoa", f"/phattin {number}"), await chats.says("xa", f"/phattin {number}")

    assert (number in (mine or ""), number in (theirs or "")) == (True, False)
    assert "204 người, 204 tin SMS, 81.600 đồng" in (shown or "")
    assert "ngày mai Bộ phận Một cửa nghỉ" in (shown or "")
    assert hidden == "Không có đợt phát tin này."


async def test_approval_asks_for_its_code_and_is_recorded_as_from_a_chat(chats: Chats) -> None:
    number = await waiting(chats)

    asked = await chats.says("hoa", f"/phattin duyệt {number}")
    code = re.findall(r"\d{4}$", asked or "")[0]
    wrong = await chats.says("hoa", f"/phattin duyet {number} {(int(code) + 1) % 9000 + 1000}")
    state = (await chats.office.broadcasts.get(number)).state  # type: ignore[union-attr]
    again = await chats.says("hoa", f"/phattin duyet {number} {code}")
    asked = await chats.says("hoa", f"/phattin duyet {number}")
    done = await chats.says("hoa", (asked or "").splitlines()[-1])

    assert "204 người, 81.600 đồng" in (asked or "")
    assert "không đúng" in (wrong or "")
    assert state is BroadcastState.SUBMITTED
    assert "không đúng" in (again or "")
    assert f"Đã duyệt {number}" in (done or "")
    [entry] = await chats.office.storage.read(lambda tx: tx.audit.listed((), limit=9))
    assert (entry.way, entry.what, entry.by, entry.subject, entry.agency) == (
        "chat",
        "broadcast.approved",
        "hoa",
        number,
        "H32.10",
    )


async def test_the_same_rules_hold_as_at_the_console(chats: Chats) -> None:
    drawn = await chats.office.listed(204)
    await chats.office.broadcasts.change(drawn.id, revision=drawn.revision, by="hoa", title="Sửa")
    await chats.office.broadcasts.draw_up(drawn.id, by="lan")
    await chats.office.submitted(drawn)

    asked = await chats.says("hoa", f"/phattin duyet {drawn.id}")
    own = await chats.says("hoa", (asked or "").splitlines()[-1])
    clerk = await chats.says("lan", f"/phattin duyet {drawn.id}")

    assert own == "Người soạn, người sửa và người trình không được tự duyệt."
    assert clerk == "Tài khoản của Ông/Bà không có quyền làm việc này."


async def test_an_order_that_the_provider_brings_twice_is_done_once(chats: Chats) -> None:
    number = await waiting(chats)
    await chats.office.broadcasts.approve(number, by="hoa")

    first = await chats.says("lan", f"/phattin dung {number}", message_id="m1")
    await chats.says("lan", f"/phattin tiep {number}")
    await chats.says("lan", f"/phattin dung {number}", message_id="m1")

    assert f"Đã tạm dừng {number}" in (first or "")
    assert (await chats.office.broadcasts.get(number)).state is BroadcastState.APPROVED  # type: ignore[union-attr]


async def test_one_is_begun_tried_and_submitted_in_the_chat(chats: Chats) -> None:
    await chats.office.mirrored(1, 2, 3)

    asked = [
        await chats.says("lan", text)
        for text in ("/phattin moi", "H32.11", "h32.10", "5", "1", "Mai nghỉ, xem https://vidu.vn")
    ]
    tried = await chats.says("lan", "Kính gửi Ông/Bà, mai nghỉ, hồ sơ {{ code }} trả vào thứ Hai.")
    submitted = await chats.says("lan", "gửi")

    assert ["cơ quan nào" in (asked[0] or ""), "không có quyền" in (asked[1] or "")] == [True, True]
    assert ["Gửi cho ai" in (each or "") for each in asked[2:4]] == [True, True]
    assert "đường dẫn" in (asked[5] or "")
    assert "3 người, 3 tin SMS" in (tried or "")
    assert "đã duyệt, chờ đến giờ gửi" in (submitted or "")
    [made] = await chats.office.broadcasts.listed((), limit=9)
    assert (made.agency, made.made_by, made.state, made.people) == ("H32.10", "lan", BroadcastState.APPROVED, 3)
    sent = await chats.office.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=99))
    assert any(each.origin.startswith("test:") and each.address.value == "lan" for each in sent)
    recorded = await chats.office.storage.read(lambda tx: tx.audit.listed((), limit=9))
    acts = ["made", "changed", "drawn", "tested", "submitted"]
    assert [each.what for each in reversed(recorded)] == [f"broadcast.{act}" for act in acts]
    assert {(each.way, each.by, each.subject, each.agency) for each in recorded} == {("chat", "lan", made.id, "H32.10")}


async def test_who_works_for_the_whole_province_may_write_to_all_of_it_and_nobody_else_may(chats: Chats) -> None:
    await chats.office.mirrored(1, 2, 3)
    everywhere = frozenset({Grant(Role.CLERK)})
    hoa = await chats.office.storage.read(lambda tx: tx.staff.by_login("hoa"))
    assert hoa is not None
    await chats.office.storage.write(lambda tx: tx.staff.save(replace(hoa, grants=everywhere)))

    hers = [await chats.says("hoa", text) for text in ("/phattin moi", "tỉnh", "1", "Kính gửi Ông/Bà, mai nghỉ.")]
    his = [await chats.says("lan", text) for text in ("/phattin moi", "TINH")]

    assert ("TINH" in (hers[0] or ""), "TINH" in (his[0] or "")) == (True, False)
    assert "3 người" in (hers[3] or "")
    assert his[1] == "Tài khoản của Ông/Bà không có quyền làm việc này."
    [made] = await chats.office.broadcasts.listed((), limit=9)
    assert (made.agency, made.made_by) == ("", "hoa")


async def test_somebody_whose_account_is_shut_orders_nothing_any_more(chats: Chats) -> None:
    member = await chats.office.storage.read(lambda tx: tx.staff.by_login("hoa"))
    assert member is not None
    await chats.office.storage.write(lambda tx: tx.staff.save(replace(member, disabled_at=MORNING)))

    assert await chats.says("hoa", "/phattin") is None
