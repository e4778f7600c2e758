"""What many try at the same moment at the door of the console, on every engine."""

import asyncio
from datetime import UTC, datetime

import pyotp
import pytest

from bot.accounts import Accounts, Browser
from bot.console_settings import ConsoleSettings
from bot.joining import Joining
from bot.model.audit import GENESIS, digest_of
from bot.model.ids import id_maker
from bot.model.staff import Credentials, Grant, Member, Role
from bot.passwords import hashed
from bot.ports import Storage
from bot.staff_fields import Refusal
from bot.staffing import Invited, Staffing, administers_all

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 22, 8, 0, 10, tzinfo=UTC)
PASSWORD = "ba con trâu gặm cỏ ngoài đồng"
RULES = ConsoleSettings.model_validate({"failures": 3})


def clock() -> datetime:
    return NOW


@pytest.fixture
async def lan(storage: Storage) -> Member:
    member = Member(id="m-lan", login="lan", name="Lan", grants=frozenset({Grant(Role.CLERK)}), since=NOW)
    credentials = Credentials(password=await hashed(PASSWORD), totp=SECRET)
    await storage.write(lambda tx: tx.staff.add(member, credentials))
    return member


async def test_many_guesses_at_once_get_three_answers_and_the_right_one_among_them_is_not_told(
    storage: Storage, lan: Member
) -> None:
    accounts = Accounts(storage, RULES, clock)
    for _ in range(2):
        await accounts.enter("lan", "sai", Browser())

    done = await asyncio.gather(*(accounts.enter("lan", f"sai {number}", Browser()) for number in range(6)))
    right = await accounts.enter("lan", PASSWORD, Browser())

    assert done == [None] * 6
    assert right is None
    entries = await storage.read(lambda tx: tx.audit.listed((), what="staff.locked", limit=10))
    assert len(entries) == 1
    assert (await storage.read(lambda tx: tx.staff.credentials(lan.id))).locked_until


async def test_one_code_opens_one_of_many_sessions(storage: Storage, lan: Member) -> None:
    accounts = Accounts(storage, RULES, clock)
    halves = [await accounts.vouched(lan.id, Browser(), is_strong=False) for _ in range(4)]
    code = pyotp.TOTP(SECRET).at(NOW)

    done = await asyncio.gather(*(accounts.prove(each.session, code) for each in halves if each))

    assert sum(each is not None for each in done) == 1
    proved = [each for each in await storage.read(lambda tx: tx.staff.sessions()) if each.proved_at]
    assert len(proved) == 1


async def test_one_letter_makes_one_account(storage: Storage, lan: Member) -> None:
    staffing = Staffing(storage=storage, rules=RULES, clock=clock, by="root")
    invited = await staffing.invite("minh", "Minh", {Grant(Role.CLERK)})
    assert isinstance(invited, Invited)
    joining = Joining(storage, clock, id_maker(clock))

    done = await asyncio.gather(*(joining.accept(invited.secret, f"Minh {letter}", PASSWORD) for letter in "abcd"))

    assert sum(isinstance(each, Member) for each in done) == 1
    assert [each for each in done if not isinstance(each, Member)] == [Refusal.MISSING] * 3
    assert [each.login for each in await storage.read(lambda tx: tx.staff.members())] == ["lan", "minh"]


async def test_two_administrators_remain_when_all_disable_each_other(storage: Storage) -> None:
    chiefs = [
        Member(id=f"m-{name}", login=name, name=name, grants=frozenset({Grant(Role.ADMINISTRATOR)}), since=NOW)
        for name in ("a", "b", "c", "d")
    ]
    for each in chiefs:
        await storage.write(lambda tx, each=each: tx.staff.add(each, Credentials()))  # type: ignore[misc]

    def by(actor: Member) -> Staffing:
        return Staffing(storage=storage, rules=RULES, clock=clock, by=actor.login, actor=actor.id)

    await asyncio.gather(
        *(by(actor).disable(other.id) for actor, other in zip(chiefs, chiefs[1:] + chiefs[:1], strict=True))
    )

    left = [each for each in await storage.read(lambda tx: tx.staff.members()) if administers_all(each)]
    assert len(left) >= 2


async def test_the_record_of_all_this_is_one_unbroken_chain(storage: Storage, lan: Member) -> None:
    accounts = Accounts(storage, RULES, clock)

    await asyncio.gather(*(accounts.enter(name, "sai", Browser(network="10.0.0.1")) for name in ("lan", "x", "y") * 3))

    previous = GENESIS
    chain = await storage.read(lambda tx: tx.audit.chain(after=0, limit=100))
    for number, entry in enumerate(chain, 1):
        assert entry.digest == digest_of(entry, number=number, previous=previous)
        previous = entry.digest
    assert len(chain) == 9
