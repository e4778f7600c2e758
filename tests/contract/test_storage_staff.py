"""Accounts, sessions and invitations of the staff, on every engine."""

import asyncio
from dataclasses import replace
from typing import Any

from bot.model.staff import Credentials, Grant, Member, Role, StaffInvitation, StaffSession, digest_of
from bot.ports import Storage, Transaction
from tests.contract.storage_values import NOW, later

HELD = frozenset({Grant(Role.CLERK, "H32.10"), Grant(Role.AUDITOR)})
OPENS = Credentials(
    password="$argon2id$x",
    totp="JBSWY3DP",
    totp_step=59,
    recovery=("a", "b"),
    failures=3,
    locked_until=later(minutes=15),
)


def a_member(login: str = "lan", **given: Any) -> Member:
    values: dict[str, Any] = {
        "id": f"m-{login}",
        "login": login,
        "name": "Nguyễn Thị Lan",
        "since": NOW,
        "grants": HELD,
    }
    return Member(**values | given)


def a_session(number: int, member: str = "m-lan", **given: Any) -> StaffSession:
    values: dict[str, Any] = {
        "digest": digest_of(f"secret-{number}"), "member": member, "opened_at": NOW, "seen_at": later(minutes=number),
        "agent": "Firefox · Windows", "network": "10.1.2.3", "note": "",
    }  # fmt: skip
    return StaffSession(**values | given)


def an_invitation(login: str = "minh", **given: Any) -> StaffInvitation:
    values: dict[str, Any] = {
        "digest": digest_of(login), "login": login, "name": "Trần Minh", "email": "minh@tinh.gov.vn", "grants": HELD,
        "by": "lan", "at": NOW, "expires_at": later(days=2),
    }  # fmt: skip
    return StaffInvitation(**values | given)


async def add(storage: Storage, *members: Member, credentials: Credentials = OPENS) -> None:
    for each in members:
        assert await storage.write(lambda tx, each=each: tx.staff.add(each, credentials))  # type: ignore[misc]


async def test_an_account_is_found_by_id_login_and_subject_as_it_was_kept(storage: Storage) -> None:
    lan = a_member(email="lan@tinh.gov.vn", subject="https://id#1", disabled_at=later(days=1))
    await add(storage, lan, a_member("minh"))

    async def read(tx: Transaction) -> list[Member | None]:
        staff = tx.staff
        return [await staff.member("m-lan"), await staff.by_login("LAN"), await staff.by_subject("https://id#1")]

    assert await storage.read(read) == [lan] * 3
    assert await storage.read(lambda tx: tx.staff.by_subject("")) is None
    assert [each.login for each in await storage.read(lambda tx: tx.staff.members())] == ["lan", "minh"]
    names = await storage.read(lambda tx: tx.staff.names())
    assert names == {"lan": "Nguyễn Thị Lan", "minh": "Nguyễn Thị Lan"}


async def test_a_login_is_given_once(storage: Storage) -> None:
    await add(storage, a_member())

    again = await storage.write(lambda tx: tx.staff.add(a_member(id="m-other", name="Khác"), Credentials()))

    assert not again
    assert [each.id for each in await storage.read(lambda tx: tx.staff.members())] == ["m-lan"]
    assert await storage.read(lambda tx: tx.staff.credentials("m-lan")) == OPENS


async def test_what_opens_an_account_is_kept_apart_from_the_account(storage: Storage) -> None:
    await add(storage, a_member())
    renamed, emptied = a_member(name="Lan Nguyễn"), replace(OPENS, recovery=(), locked_until=None, failures=0)

    await storage.write(lambda tx: tx.staff.save(renamed))
    kept = await storage.read(lambda tx: tx.staff.credentials("m-lan"))
    await storage.write(lambda tx: tx.staff.save_credentials("m-lan", emptied))

    assert kept == OPENS
    assert await storage.read(lambda tx: tx.staff.credentials("m-lan")) == emptied
    assert await storage.read(lambda tx: tx.staff.member("m-lan")) == renamed
    assert await storage.read(lambda tx: tx.staff.credentials("nobody")) == Credentials()


async def test_a_log_in_is_noted_and_a_change_of_the_account_does_not_forget_it(storage: Storage) -> None:
    await add(storage, a_member())

    await storage.write(lambda tx: tx.staff.saw("m-lan", later(hours=1)))
    await storage.write(lambda tx: tx.staff.save(a_member(name="Lan")))

    assert await storage.read(lambda tx: tx.staff.member("m-lan")) == a_member(name="Lan", seen_at=later(hours=1))


async def test_how_each_one_comes_in_is_told_without_what_opens(storage: Storage) -> None:
    await add(storage, a_member())
    await add(storage, a_member("minh"), credentials=Credentials())

    found = await storage.read(lambda tx: tx.staff.sign_ins())

    lan, minh = found["m-lan"], found["m-minh"]
    assert (lan.has_password, lan.has_totp, lan.recovery, lan.locked_until) == (True, True, 2, later(minutes=15))
    assert (minh.has_password, minh.has_totp, minh.recovery, minh.locked_until) == (False, False, 0, None)
    assert "argon2" not in repr(found)


async def test_credentials_wait_for_each_other(storage: Storage) -> None:
    await add(storage, a_member(), credentials=Credentials())

    async def fail(tx: Transaction) -> None:
        kept = await tx.staff.credentials("m-lan")
        await tx.staff.save_credentials("m-lan", replace(kept, failures=kept.failures + 1))

    await asyncio.gather(*(storage.write(fail) for _ in range(12)))

    assert (await storage.read(lambda tx: tx.staff.credentials("m-lan"))).failures == 12


async def test_who_locks_the_staff_sees_what_others_have_changed_and_loses_none_of_it(storage: Storage) -> None:
    await add(storage, a_member(grants=frozenset()))

    async def give(tx: Transaction, agency: str) -> None:
        member = (await tx.staff.lock())[0]
        await tx.staff.save(replace(member, grants=member.grants | {Grant(Role.CLERK, agency)}))

    await asyncio.gather(*(storage.write(lambda tx, n=n: give(tx, f"H{n}")) for n in range(8)))  # type: ignore[misc]

    member = await storage.read(lambda tx: tx.staff.member("m-lan"))
    assert member
    assert len(member.grants) == 8


async def test_a_session_is_found_with_its_member_until_she_is_disabled(storage: Storage) -> None:
    await add(storage, a_member())
    opened = a_session(1)
    await storage.write(lambda tx: tx.staff.open_session(opened))

    found = await storage.read(lambda tx: tx.staff.session(opened.digest))
    await storage.write(lambda tx: tx.staff.save(a_member(disabled_at=NOW)))

    assert found == (opened, a_member())
    assert await storage.read(lambda tx: tx.staff.session(opened.digest)) is None


async def test_sessions_end_one_by_one_all_but_one_and_never_those_of_others(storage: Storage) -> None:
    await add(storage, a_member(), a_member("minh"))
    for each in (a_session(1), a_session(2), a_session(3), a_session(4, "m-minh")):
        await storage.write(lambda tx, each=each: tx.staff.open_session(each))  # type: ignore[misc]
    marks = [a_session(number).digest[:16] for number in (1, 4)]

    mine = await storage.write(lambda tx: tx.staff.end_one("m-lan", marks[0]))
    theirs = await storage.write(lambda tx: tx.staff.end_one("m-lan", marks[1]))
    short = await storage.write(lambda tx: tx.staff.end_one("m-lan", a_session(2).digest[:4]))
    empty = await storage.write(lambda tx: tx.staff.end_one("m-lan", ""))
    ended = await storage.write(lambda tx: tx.staff.end_sessions("m-lan", but=a_session(2).digest))

    assert [mine, theirs, short, empty] == [True, False, False, False]
    assert ended == 1
    left = await storage.read(lambda tx: tx.staff.sessions())
    assert [each.digest for each in left] == [a_session(4).digest, a_session(2).digest]


async def test_sessions_that_are_too_old_or_too_quiet_are_forgotten(storage: Storage) -> None:
    await add(storage, a_member())
    old = a_session(1, opened_at=later(hours=-13), seen_at=NOW)
    quiet = a_session(2, opened_at=later(hours=-2), seen_at=later(hours=-2))
    fresh = a_session(3)
    for each in (old, quiet, fresh):
        await storage.write(lambda tx, each=each: tx.staff.open_session(each))  # type: ignore[misc]

    gone = await storage.write(
        lambda tx: tx.staff.prune_sessions(opened_before=later(hours=-12), seen_before=later(hours=-1))
    )

    assert gone == 2
    assert [each.digest for each in await storage.read(lambda tx: tx.staff.sessions("m-lan"))] == [fresh.digest]


async def test_an_invitation_takes_the_place_of_the_earlier_one_and_is_used_once(storage: Storage) -> None:
    second = an_invitation(digest=digest_of("second"), member="m-minh", at=later(hours=1))
    await storage.write(lambda tx: tx.staff.invite(an_invitation()))
    await storage.write(lambda tx: tx.staff.invite(second))

    used = await asyncio.gather(*(storage.write(lambda tx: tx.staff.use_invitation(second.digest)) for _ in range(4)))

    assert sorted(used) == [False, False, False, True]
    assert await storage.read(lambda tx: tx.staff.invitation(an_invitation().digest)) is None


async def test_invitations_are_read_as_they_were_written_and_go_when_they_are_old(storage: Storage) -> None:
    kept = an_invitation("thu", member="m-thu")
    await storage.write(lambda tx: tx.staff.invite(an_invitation(expires_at=later(days=-31))))
    await storage.write(lambda tx: tx.staff.invite(kept))

    gone = await storage.write(lambda tx: tx.staff.prune_invitations(expired_before=later(days=-30)))

    assert gone == 1
    assert await storage.read(lambda tx: tx.staff.invitations()) == [kept]
    assert await storage.read(lambda tx: tx.staff.invitation(kept.digest)) == kept
