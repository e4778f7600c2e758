"""Passwords, codes, names; and the rules of who may give which rights, tried without pages."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bot.accounts import Accounts, Browser, Needs, Opened
from bot.console_settings import ConsoleSettings
from bot.joining import Joining
from bot.model.staff import Credentials, Grant, Member, Right, Role, digest_of
from bot.passwords import hashed, verified, weakness_of
from bot.ports import Storage
from bot.second_factor import enrolment_address, recovery_codes, recovery_digest, step_of, with_code
from bot.session_watch import prune
from bot.staff_fields import Refusal, is_agency, is_email, is_login, read_name
from bot.staffing import Invited, Staffing, too_few

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 22, 8, 0, 10, tzinfo=UTC)
PASSWORD = "ba con trâu gặm cỏ ngoài đồng"
EVERYWHERE = frozenset({Grant(Role.ADMINISTRATOR)})


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Office:
    storage: Storage
    clock: Clock
    rules: ConsoleSettings

    async def staff(self, login: str, *grants: Grant) -> Member:
        member = Member(id=f"m-{login}", login=login, name=f"Cán bộ {login}", grants=frozenset(grants), since=NOW)
        await self.storage.write(lambda tx: tx.staff.add(member, Credentials()))
        return member

    def by(self, actor: Member | None = None) -> Staffing:
        login, identity = (actor.login, actor.id) if actor else ("root", "")
        return Staffing(storage=self.storage, rules=self.rules, clock=self.clock, by=login, actor=identity)

    async def grants(self, login: str) -> set[Grant]:
        member = await self.storage.read(lambda tx: tx.staff.by_login(login))
        assert member
        return set(member.grants)


@pytest.fixture
async def office(sqlite_storage: Storage) -> Office:
    return Office(sqlite_storage, Clock(), ConsoleSettings.model_validate({"failures": 3}))


@pytest.mark.parametrize(
    "password",
    ["trời mưa thì ướt", "correct horse battery", "Xk9#mPq2vLw8", "hai con bò vàng", PASSWORD, "ă" * 3 + "zqwxv plmno"],
)
def test_a_long_password_of_unrelated_words_is_good(password: str) -> None:
    assert weakness_of(password, "lan.nguyen", "Nguyễn Thị Lan") is None


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("", "short"), ("elevenchars", "short"), ("x" * 201, "long"), ("a" * 12, "common"), ("abcabcabcabc", "common"),
        ("123456789012", "common"), ("matkhau12345", "common"), ("Mật khẩu 2026", "common"),
        ("P@ssw0rd P@ssw0rd", "common"),
        ("qwertyuiop12", "common"), ("MotCua@123456", "common"), ("Khanhhoa@2026", "common"),
        ("lan.nguyen2026", "login"), ("NguyenThiLan1990", "login"), ("Nguyễn Thị Lan!", "login"),
    ],
)  # fmt: skip
def test_what_stands_in_every_list_is_not_taken(password: str, weakness: str | None) -> None:
    assert weakness_of(password, "lan.nguyen", "Nguyễn Thị Lan") == weakness


async def test_a_password_is_known_again_however_the_keyboard_writes_its_letters() -> None:
    kept = await hashed("trời mưa thì ướt")

    assert kept.startswith("$argon2id$")
    assert await verified("tro\u031b\u0300i mưa thì ướt", kept) == (True, "")
    assert await verified("trời mưa thì ướt ", kept) == (False, "")
    assert await verified("trời mưa thì ướt", "") == (False, "")
    assert await verified("trời mưa thì ướt", "broken") == (False, "")


async def test_a_hash_of_weaker_settings_is_renewed() -> None:
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),)).hash(PASSWORD)

    is_right, renewed = await verified(PASSWORD, old)

    assert is_right
    assert "m=65536" in renewed
    assert await verified(PASSWORD, renewed) == (True, "")


async def test_the_event_loop_goes_on_while_passwords_are_checked() -> None:
    kept = await hashed(PASSWORD)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.002)

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(verified("x", kept) for _ in range(4)))
    ticking.cancel()

    assert ticks > 10


def test_a_code_opens_within_one_step_and_never_twice() -> None:
    totp, here = pyotp.TOTP(SECRET), int(NOW.timestamp()) // 30
    codes = {offset: totp.at(NOW, counter_offset=offset) for offset in range(-3, 4)}

    steps = {offset: step_of(SECRET, code, NOW) for offset, code in codes.items()}

    assert steps == {-3: 0, -2: 0, -1: here - 1, 0: here, 1: here + 1, 2: 0, 3: 0}
    assert step_of(SECRET, codes[0], NOW, after=here) == 0
    assert step_of(SECRET, codes[-1], NOW, after=here) == 0
    assert step_of("", codes[0], NOW) == 0


def test_a_code_may_be_typed_with_spaces_and_moves_the_step_on() -> None:
    credentials = Credentials(totp=SECRET)
    code = pyotp.TOTP(SECRET).at(NOW)

    used = with_code(credentials, f" {code[:3]} {code[3:]} ", NOW)

    assert used is not None
    assert used.totp_step == int(NOW.timestamp()) // 30
    assert with_code(used, code, NOW) is None


@pytest.mark.parametrize("code", ["", "12345", "١٢٣٤٥٦", "abcdef", "1234567", "-", "🙂"])
def test_what_is_no_code_opens_nothing(code: str) -> None:
    assert with_code(Credentials(totp=SECRET, recovery=(recovery_digest("k7qd93mhx2rt"),)), code, NOW) is None


def test_each_recovery_code_opens_once() -> None:
    codes = recovery_codes()
    credentials = Credentials(totp=SECRET, recovery=tuple(map(recovery_digest, codes)))

    used = with_code(credentials, codes[0].upper(), NOW)

    assert used is not None
    assert len(used.recovery) == 9
    assert with_code(used, codes[0], NOW) is None
    assert with_code(used, codes[1], NOW)
    assert len(set(codes)) == 10


def test_the_square_names_the_office_and_the_login() -> None:
    assert enrolment_address(SECRET, "lan", "Một cửa") == (
        f"otpauth://totp/M%E1%BB%99t%20c%E1%BB%ADa:lan?secret={SECRET}&issuer=M%E1%BB%99t%20c%E1%BB%ADa"
    )


@pytest.mark.parametrize("text", ["lan", "lan.nguyen", "cb-01", "a", "x_1"])
def test_a_login_is_small_letters_and_digits(text: str) -> None:
    assert is_login(text)


@pytest.mark.parametrize(
    "text", ["", "Lan", "lan nguyen", ".lan", "lan.", "lan\n", "lan\r\nX: y", "lần", "a" * 41, "*", "a/b"]
)
def test_what_could_break_out_of_a_line_is_no_login(text: str) -> None:
    assert not is_login(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Nguyễn Thị Lan", "Nguyễn Thị Lan"), ("  Nguyễn   Thị  Lan ", "Nguyễn Thị Lan"), ("Lan\nX: y", ""),
        ("a\0b", ""),
        ("‮nal", ""), ("La\u2028n", ""), ("1234", ""), ("", ""), ("a" * 81, ""), ("<b>Lan</b>", "<b>Lan</b>"),
    ],
)  # fmt: skip
def test_a_name_stands_on_one_line_and_hides_nothing(text: str, name: str) -> None:
    assert read_name(text) == name


def test_e_mails_and_agencies() -> None:
    assert is_email("lan.nguyen+mc@so.tinh.gov.vn")
    assert not any(map(is_email, ["lan", "lan@", "lan@x", "a@b.vn\nBcc: c@d.vn", "a b@c.vn"]))
    assert all(map(is_agency, ["", "H32", "H32.10", "000.00.10.H32"]))
    assert not any(map(is_agency, ["H32.", ".H32", "H32..10", "H32.10\n", "H32 10", "*", "H32.%"]))


async def test_an_administrator_of_an_agency_gives_roles_there_and_nowhere_else(office: Office) -> None:
    local = await office.staff("local", Grant(Role.ADMINISTRATOR, "H32.10"))
    outcomes = {}

    for agency in ("H32.10", "H32.10.5", "H32", "H32.1", "H32.100", ""):
        done = await office.by(local).invite(f"u{len(outcomes)}", "Người mới", {Grant(Role.CLERK, agency)})
        outcomes[agency] = done if isinstance(done, Refusal) else "invited"

    assert outcomes == {
        "H32.10": "invited", "H32.10.5": "invited", "H32": Refusal.BEYOND, "H32.1": Refusal.BEYOND,
        "H32.100": Refusal.BEYOND, "": Refusal.BEYOND,
    }  # fmt: skip


async def test_nobody_raises_or_disables_herself(office: Office) -> None:
    chief = await office.staff("chief", *EVERYWHERE)
    await office.staff("other", *EVERYWHERE)
    local = await office.staff("local", Grant(Role.ADMINISTRATOR, "H32.10"))

    for actor, wish in ((local, EVERYWHERE), (chief, {*EVERYWHERE, Grant(Role.APPROVER)})):
        assert await office.by(actor).grant(actor.id, wish) is Refusal.OWN
        assert await office.by(actor).disable(actor.id) is Refusal.OWN
        assert await office.by(actor).reset(actor.id) is Refusal.OWN
        assert await office.grants(actor.login) == set(actor.grants)


async def test_who_has_a_role_elsewhere_is_not_managed_from_here(office: Office) -> None:
    local = await office.staff("local", Grant(Role.ADMINISTRATOR, "H32.10"))
    both = await office.staff("both", Grant(Role.CLERK, "H32.10"), Grant(Role.CLERK, "H32.20"))
    nothing = await office.staff("nothing")
    here = await office.staff("here", Grant(Role.CLERK, "H32.10.1"))
    staffing = office.by(local)

    for member in (both, nothing):
        assert await staffing.grant(member.id, {Grant(Role.CLERK, "H32.10")}) is Refusal.MISSING
        assert await staffing.disable(member.id) is Refusal.MISSING
        assert await staffing.reset(member.id) is Refusal.MISSING
        assert await staffing.end_sessions(member.id) is Refusal.MISSING
    assert await staffing.grant(here.id, {Grant(Role.APPROVER, "H32.20")}) is Refusal.BEYOND
    assert await staffing.grant(here.id, {Grant(Role.APPROVER, "H32.10")}) is None


async def test_rights_are_asked_for_when_it_is_done_not_when_the_page_was_opened(office: Office) -> None:
    await office.staff("chief", *EVERYWHERE)
    await office.staff("other", *EVERYWHERE)
    local = await office.staff("local", Grant(Role.ADMINISTRATOR, "H32.10"))
    here = await office.staff("here", Grant(Role.CLERK, "H32.10"))
    held = office.by(local)
    await office.by().grant(local.id, {Grant(Role.CLERK, "H32.10")})

    assert await held.grant(here.id, {Grant(Role.APPROVER, "H32.10")}) is Refusal.MISSING
    assert await held.invite("moi", "Người mới", {Grant(Role.CLERK, "H32.10")}) is Refusal.BEYOND


async def test_letters_of_somebody_who_lost_her_rights_open_nothing_any_more(office: Office) -> None:
    local = await office.staff("local", Grant(Role.ADMINISTRATOR, "H32.10"))
    invited = await office.by(local).invite("cua-sau", "Cửa sau", {Grant(Role.ADMINISTRATOR, "H32.10")})
    assert isinstance(invited, Invited)

    await office.by().disable(local.id)

    joining = Joining(office.storage, office.clock, lambda: "m-new")
    assert await joining.accept(invited.secret, "Cửa sau", PASSWORD) is Refusal.MISSING


async def test_an_invitation_does_not_take_over_an_account_or_somebody_elses_invitation(office: Office) -> None:
    local = await office.staff("local", Grant(Role.ADMINISTRATOR, "H32.10"))
    await office.staff("chief", *EVERYWHERE)
    await office.by().invite("waiting", "Đang chờ", {Grant(Role.AUDITOR)})
    mine = {Grant(Role.CLERK, "H32.10")}

    assert await office.by(local).invite("chief", "Tôi", mine) is Refusal.TAKEN
    assert await office.by(local).invite("waiting", "Tôi", mine) is Refusal.TAKEN
    assert await office.by(local).withdraw("waiting") is Refusal.MISSING


async def test_two_administrators_of_the_province_remain_even_when_two_go_at_the_same_moment(office: Office) -> None:
    names = ("a", "b", "c")
    members = [await office.staff(name, *EVERYWHERE) for name in names]

    done = await asyncio.gather(*(office.by().disable(each.id) for each in members[:2]))

    assert sorted(done, key=str) == [None, Refusal.LAST] or sorted(done, key=str) == [Refusal.LAST, None]
    left = await office.storage.read(lambda tx: tx.staff.members())
    assert sum(each.disabled_at is None for each in left) == 2
    assert await office.by().grant(members[2].id, {Grant(Role.ADMINISTRATOR, "H32")}) is Refusal.LAST


def test_the_last_administrator_is_never_taken_away() -> None:
    one = Member(id="1", login="a", name="A", grants=EVERYWHERE, since=NOW)
    gone = replace(one, disabled_at=NOW)
    two = replace(one, id="2")

    assert too_few([one], [gone])
    assert too_few([one, two], [gone, two])
    assert not too_few([one, two, replace(one, id="3")], [gone, two, replace(one, id="3")])
    assert not too_few([gone], [gone])
    assert not too_few([one], [one, gone])


async def test_disabling_ends_every_session_at_once_and_a_reset_closes_the_account(office: Office) -> None:
    accounts = Accounts(office.storage, office.rules, office.clock)
    lan = await office.staff("lan", Grant(Role.CLERK))
    await accounts.vouched(lan.id, Browser(), is_strong=True)

    await office.by().disable(lan.id)
    ended = await office.storage.read(lambda tx: tx.staff.sessions())
    await office.by().enable(lan.id)
    await office.storage.write(lambda tx: tx.staff.save_credentials(lan.id, Credentials(password="x", totp=SECRET)))
    await accounts.vouched(lan.id, Browser(), is_strong=True)
    letter = await office.by().reset(lan.id)

    assert ended == []
    assert isinstance(letter, Invited)
    assert await office.storage.read(lambda tx: tx.staff.sessions()) == []
    assert await office.storage.read(lambda tx: tx.staff.credentials(lan.id)) == Credentials()
    joined = await Joining(office.storage, office.clock, lambda: "x").accept(letter.secret, "Lan", PASSWORD)
    assert isinstance(joined, Member)
    assert (joined.id, joined.grants) == (lan.id, lan.grants)


async def test_failures_are_forgotten_by_a_whole_log_in_alone(office: Office) -> None:
    lan = await office.staff("lan", Grant(Role.CLERK))
    await _opens(office, lan, failures=2)
    accounts = Accounts(office.storage, office.rules, office.clock)

    half = await accounts.enter("LAN ", PASSWORD, Browser())
    between = (await office.storage.read(lambda tx: tx.staff.credentials(lan.id))).failures
    assert half
    whole = await accounts.prove(half.session, pyotp.TOTP(SECRET).at(NOW))

    assert half.needs is Needs.CODE
    assert between == 2
    assert isinstance(whole, Opened)
    assert (await office.storage.read(lambda tx: tx.staff.credentials(lan.id))).failures == 0
    assert await office.storage.read(lambda tx: tx.staff.session(half.session.digest)) is None


async def test_a_lock_ends_by_itself_and_counting_begins_anew(office: Office) -> None:
    lan = await office.staff("lan", Grant(Role.CLERK))
    await _opens(office, lan, failures=2)
    accounts = Accounts(office.storage, office.rules, office.clock)

    await accounts.enter("lan", "sai", Browser())
    during = await accounts.enter("lan", PASSWORD, Browser())
    office.clock.now += timedelta(minutes=15)
    await accounts.enter("lan", "sai", Browser())

    assert during is None
    kept = await office.storage.read(lambda tx: tx.staff.credentials(lan.id))
    assert (kept.failures, kept.locked_until) == (1, None)


async def test_a_password_that_was_changed_while_it_was_checked_opens_nothing(office: Office) -> None:
    lan = await office.staff("lan", Grant(Role.CLERK))
    await _opens(office, lan)
    accounts = Accounts(office.storage, office.rules, office.clock)

    entering = asyncio.create_task(accounts.enter("lan", PASSWORD, Browser()))
    await asyncio.sleep(0.01)
    await office.by().reset(lan.id)

    assert await entering is None


async def test_changing_the_password_asks_for_the_old_one_and_ends_other_sessions(office: Office) -> None:
    lan = await office.staff("lan", Grant(Role.CLERK))
    await _opens(office, lan)
    accounts = Accounts(office.storage, office.rules, office.clock)
    here = await accounts.vouched(lan.id, Browser(), is_strong=True)
    await accounts.vouched(lan.id, Browser(), is_strong=True)
    assert here

    outcomes = [
        await accounts.change_password(here.session, lan, PASSWORD, "ngắn"),
        await accounts.change_password(here.session, lan, "sai", "một câu khác hẳn đấy"),
        await accounts.change_password(here.session, lan, PASSWORD, "một câu khác hẳn đấy"),
    ]

    assert outcomes == ["short", "wrong", ""]
    assert [each.digest for each in await office.storage.read(lambda tx: tx.staff.sessions())] == [here.session.digest]
    assert await accounts.enter("lan", PASSWORD, Browser()) is None
    assert await accounts.enter("lan", "một câu khác hẳn đấy", Browser())


async def test_old_sessions_are_forgotten(office: Office) -> None:
    lan = await office.staff("lan", Grant(Role.CLERK))
    numbers = count()
    accounts = Accounts(office.storage, office.rules, office.clock, lambda: f"s{next(numbers)}")
    await accounts.vouched(lan.id, Browser(), is_strong=True)
    office.clock.now += timedelta(minutes=61)
    await accounts.vouched(lan.id, Browser(), is_strong=True)

    gone = await prune(office.storage, office.clock, office.rules)

    assert gone == 1
    assert [each.digest for each in await office.storage.read(lambda tx: tx.staff.sessions())] == [digest_of("s1")]
    assert not lan.may(Right.ADMINISTER)


async def _opens(office: Office, member: Member, *, failures: int = 0) -> None:
    credentials = Credentials(password=await hashed(PASSWORD), totp=SECRET, failures=failures)
    await office.storage.write(lambda tx: tx.staff.save_credentials(member.id, credentials))
