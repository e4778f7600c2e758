"""Who is told of a dossier beside its owner, on every engine."""

import asyncio
from dataclasses import replace

from bot.model.person import Address, Binding, Follow, Invitation, Preference, Proof
from bot.ports import Audience, ConversationState, Storage, Transaction
from tests.contract.storage_values import MAI, NOW, later

LAN, NAM = Address("telegram", "7001"), Address("zalo", "2512")
FOLLOW = Follow(LAN, "onestop", "H56.14-260302-0001", "telegram", NOW)
INVITATION = Invitation("digest-1", "onestop", FOLLOW.code, MAI.value, later(days=1))


async def follow(storage: Storage, *follows: Follow) -> list[bool]:
    async def work(tx: Transaction) -> list[bool]:
        return [await tx.follows.add(each) for each in follows]

    return await storage.write(work)


async def followed_by(storage: Storage, address: Address) -> list[Follow]:
    return await storage.read(lambda tx: tx.follows.of(address))


async def test_who_follows_again_does_so_by_the_newer_right(storage: Storage) -> None:
    invited = replace(FOLLOW, since=later(days=1), invited_by=MAI.value, channel="telegram-2", language="en")

    assert await follow(storage, FOLLOW, invited) == [True, False]

    assert await followed_by(storage, LAN) == [replace(invited, since=NOW)]


async def test_the_same_follow_twice_at_once_is_new_once(storage: Storage) -> None:
    added = await asyncio.gather(*(follow(storage, FOLLOW) for _ in range(6)))

    assert sorted(is_new for call in added for is_new in call) == [False] * 5 + [True]


async def test_what_somebody_follows_is_told_newest_first(storage: Storage) -> None:
    older, newer = FOLLOW, replace(FOLLOW, source="ministry", since=later(days=1))
    await follow(storage, older, newer, replace(FOLLOW, address=NAM, since=later(days=-1)))

    assert await followed_by(storage, LAN) == [newer, older]
    followers = await storage.read(lambda tx: tx.follows.followers("onestop", FOLLOW.code))
    assert [each.address for each in followers] == [NAM, LAN]
    assert await storage.read(lambda tx: tx.follows.followers("onestop", "H56.14-260302-0002")) == []


async def test_one_stops_following_one_dossier_or_all(storage: Storage) -> None:
    others = [replace(FOLLOW, code=f"H56.14-260302-000{number}") for number in (2, 3)]
    await follow(storage, FOLLOW, *others, replace(FOLLOW, address=NAM))

    removed = [await storage.write(lambda tx: tx.follows.remove(LAN, "onestop", FOLLOW.code)) for _ in range(2)]
    removed_all = [await storage.write(lambda tx: tx.follows.remove_all(LAN)) for _ in range(2)]

    assert (removed, removed_all) == ([True, False], [2, 0])
    assert len(await followed_by(storage, NAM)) == 1


async def test_an_invitation_is_good_once_and_until_its_end(storage: Storage) -> None:
    late = replace(INVITATION, digest="digest-2")
    await storage.write(lambda tx: tx.follows.invite(INVITATION))
    await storage.write(lambda tx: tx.follows.invite(late))

    redeemed = [await storage.write(lambda tx: tx.follows.redeem("digest-1", now=NOW)) for _ in range(2)]

    assert redeemed == [INVITATION, None]
    assert await storage.write(lambda tx: tx.follows.redeem("digest-3", now=NOW)) is None
    assert await storage.write(lambda tx: tx.follows.redeem("digest-2", now=late.expires_at)) is None


async def test_an_invitation_redeemed_twice_at_once_is_good_for_one(storage: Storage) -> None:
    await storage.write(lambda tx: tx.follows.invite(INVITATION))

    redeemed = await asyncio.gather(
        *(storage.write(lambda tx: tx.follows.redeem("digest-1", now=NOW)) for _ in range(6))
    )

    assert sorted(each is not None for each in redeemed) == [False] * 5 + [True]


async def test_the_owner_takes_back_what_the_owner_gave_and_nothing_else(storage: Storage) -> None:
    by_factor = replace(FOLLOW, address=NAM)
    elsewhere = replace(FOLLOW, code="H56.14-260302-0002", invited_by=MAI.value)
    await follow(storage, replace(FOLLOW, invited_by=MAI.value), by_factor, elsewhere)
    await storage.write(lambda tx: tx.follows.invite(INVITATION))
    await storage.write(lambda tx: tx.follows.invite(replace(INVITATION, digest="other", code=elsewhere.code)))

    revoked = await storage.write(lambda tx: tx.follows.revoke("onestop", FOLLOW.code))

    assert revoked == 1
    assert await followed_by(storage, LAN) == [elsewhere]
    assert await followed_by(storage, NAM) == [by_factor]
    assert await storage.write(lambda tx: tx.follows.redeem("digest-1", now=NOW)) is None
    assert await storage.write(lambda tx: tx.follows.redeem("other", now=NOW)) is not None


async def test_the_audience_is_all_who_are_told_of_some_dossiers(storage: Storage) -> None:
    quiet = Binding(LAN, MAI.value, Proof.CONTACT, NOW, NOW, "telegram")
    loud = replace(quiet, address=NAM, since=later(days=-9), heard_at=later(days=1))
    hers = replace(quiet, address=Address("webchat", "w1"), phone="+84987654321")
    other_source = replace(FOLLOW, source="ministry")
    unasked = replace(FOLLOW, code="H56.14-260302-0002")

    async def work(tx: Transaction) -> None:
        for binding in (quiet, loud, hers):
            await tx.people.bind(binding)
        await tx.conversations.save(NAM, ConversationState(), at=later(days=1))
        await tx.people.disown(hers.phone, at=NOW)
        await tx.people.disown("+84900000001", at=NOW)
        for phone in (MAI.value, "+84900000001"):
            await tx.people.prefer(Preference(phone, "telegram", important_only=True), at=later(days=1))

    await storage.write(work)
    await follow(storage, FOLLOW, other_source, unasked, replace(FOLLOW, address=NAM, since=later(days=-1)))
    phones = [MAI.value, hers.phone, "+84911111111"]
    dossiers = [("onestop", FOLLOW.code), ("onestop", FOLLOW.code), ("ministry", FOLLOW.code), ("x", FOLLOW.code)]

    audience = await storage.read(lambda tx: tx.follows.audience(phones, dossiers))

    assert audience == Audience(
        bindings={MAI.value: [loud, quiet], hers.phone: [hers]},
        follows={
            ("onestop", FOLLOW.code): [replace(FOLLOW, address=NAM, since=later(days=-1)), FOLLOW],
            ("ministry", FOLLOW.code): [other_source],
        },
        disowned={hers.phone: NOW},
        preferences={MAI.value: Preference(MAI.value, "telegram", important_only=True)},
    )


async def test_nobody_is_the_audience_of_nothing(storage: Storage) -> None:
    await follow(storage, FOLLOW)

    assert await storage.read(lambda tx: tx.follows.audience([], [])) == Audience({}, {}, {})
    assert await storage.read(lambda tx: tx.follows.audience(["không rõ"], [("a\0b", "\ud83d")])) == Audience(
        {}, {}, {}
    )
