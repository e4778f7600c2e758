"""Chats and the phones they belong to, on every engine."""

import asyncio
from dataclasses import replace
from datetime import datetime

from bot.model.message import DeliveryState
from bot.model.person import Address, Binding, Consent, Follow, OneTimeCode, Preference, Proof, Purpose
from bot.model.service import Feedback, FeedbackKind, Survey, Talk
from bot.ports import ConversationState, Storage, Transaction, Unwanted
from tests.contract.storage_values import MAI, NOW, a_message, a_settlement, an_item, claim, enqueue, later, settle

PHONE = MAI.value
CHAT, NEW_CHAT, ZALO = Address("telegram", "-7001"), Address("telegram", "-100700"), Address("zalo", "2512")
BINDING = Binding(CHAT, PHONE, Proof.CONTACT, NOW, NOW, "telegram")
CODE = OneTimeCode(ZALO, PHONE, "digest-1", NOW, later(minutes=5))
CONSENT = Consent(CHAT, Purpose.UPDATES, "bind/1", NOW)


async def bind(storage: Storage, *bindings: Binding) -> None:
    async def work(tx: Transaction) -> None:
        for binding in bindings:
            await tx.people.bind(binding)

    await storage.write(work)


async def bound(storage: Storage, address: Address) -> Binding | None:
    return await storage.read(lambda tx: tx.people.binding(address))


async def hear(storage: Storage, address: Address, at: datetime) -> None:
    await storage.write(lambda tx: tx.conversations.save(address, ConversationState(), at=at))


async def agree(storage: Storage, *consents: Consent) -> None:
    await storage.write(lambda tx: tx.people.agree(consents))


async def consents_of(storage: Storage, address: Address) -> list[Consent]:
    return await storage.read(lambda tx: tx.people.consents(address))


async def code_of(storage: Storage, address: Address) -> OneTimeCode | None:
    return await storage.read(lambda tx: tx.people.code_of(address))


async def test_a_chat_belongs_to_the_phone_it_was_bound_to_last(storage: Storage) -> None:
    newer = Binding(CHAT, "+84987654321", Proof.CODE, later(days=1), later(days=1), "telegram-2", "en")

    await bind(storage, BINDING)
    first = await bound(storage, CHAT)
    await bind(storage, newer)

    assert first == BINDING
    assert await bound(storage, CHAT) == newer
    assert await bound(storage, ZALO) is None


async def test_a_binding_knows_when_its_chat_was_heard_last(storage: Storage) -> None:
    await hear(storage, CHAT, later(days=-3))
    await bind(storage, BINDING)
    silent = await bound(storage, CHAT)
    await hear(storage, CHAT, later(days=2))

    assert silent == BINDING
    assert await bound(storage, CHAT) == replace(BINDING, heard_at=later(days=2))


async def test_a_chat_that_was_only_looked_at_was_not_heard(storage: Storage) -> None:
    await storage.write(lambda tx: tx.conversations.load(CHAT))
    await bind(storage, BINDING)

    assert await bound(storage, CHAT) == BINDING


async def test_a_chat_is_unbound_once(storage: Storage) -> None:
    await bind(storage, BINDING)

    assert await storage.write(lambda tx: tx.people.unbind(CHAT))
    assert not await storage.write(lambda tx: tx.people.unbind(CHAT))
    assert await bound(storage, CHAT) is None


async def test_a_phone_loses_all_its_chats_and_no_others(storage: Storage) -> None:
    web = replace(BINDING, address=Address("webchat", "w1"), phone="+84987654321")
    await bind(storage, BINDING, replace(BINDING, address=ZALO), web)

    assert await storage.write(lambda tx: tx.people.unbind_phone(PHONE)) == [CHAT, ZALO]
    assert await storage.write(lambda tx: tx.people.unbind_phone(PHONE)) == []
    assert await bound(storage, web.address) == web


async def test_bindings_of_silent_chats_lapse(storage: Storage) -> None:
    silent, loud, unheard, young = (Address("telegram", str(number)) for number in range(4))
    await bind(storage, *(replace(BINDING, address=each, since=later(days=-300)) for each in (silent, loud, unheard)))
    await bind(storage, replace(BINDING, address=young))
    await hear(storage, silent, later(days=-200))
    await hear(storage, loud, later(days=-180))

    lapsed = await storage.write(lambda tx: tx.people.lapse(silent_since=later(days=-180)))

    assert lapsed == 2
    left = [each for each in (silent, loud, unheard, young) if await bound(storage, each)]
    assert left == [loud, young]


async def test_a_disowned_phone_keeps_the_latest_word(storage: Storage) -> None:
    before = await storage.read(lambda tx: tx.people.disowned(PHONE))
    for at in (NOW, later(days=2), later(days=1)):
        await storage.write(lambda tx, at=at: tx.people.disown(PHONE, at=at))  # type: ignore[misc]

    assert before is None
    assert await storage.read(lambda tx: tx.people.disowned(PHONE)) == later(days=2)
    assert await storage.read(lambda tx: tx.people.disowned("+84987654321")) is None


async def prefer(storage: Storage, preference: Preference, at: datetime = NOW) -> None:
    await storage.write(lambda tx: tx.people.prefer(preference, at=at))


async def preference_of(storage: Storage, phone: str = PHONE) -> Preference | None:
    return await storage.read(lambda tx: tx.people.preference(phone))


async def test_what_somebody_prefers_is_what_was_said_last(storage: Storage) -> None:
    silent = await preference_of(storage)
    await prefer(storage, Preference(PHONE, "telegram", important_only=True))
    first = await preference_of(storage)
    await prefer(storage, Preference(PHONE, "sms"))

    assert silent is None
    assert first == Preference(PHONE, "telegram", important_only=True)
    assert await preference_of(storage) == Preference(PHONE, "sms", important_only=False)
    assert await preference_of(storage, "+84987654321") is None


async def test_a_new_owner_of_a_number_does_not_inherit_what_the_old_one_preferred(storage: Storage) -> None:
    await prefer(storage, Preference(PHONE, important_only=True))
    await storage.write(lambda tx: tx.people.disown(PHONE, at=later(days=1)))
    inherited = await preference_of(storage)
    await prefer(storage, Preference(PHONE, "zalo"), later(days=2))
    await storage.write(lambda tx: tx.people.disown(PHONE, at=later(days=1)))

    assert inherited is None
    assert await preference_of(storage) == Preference(PHONE, "zalo")


async def test_a_consent_that_stands_stays_as_it_is(storage: Storage) -> None:
    await agree(storage, CONSENT, replace(CONSENT, purpose=Purpose.SURVEY, given_at=later(minutes=1)))
    await agree(storage, replace(CONSENT, wording="bind/2", given_at=later(days=1)))

    kept = await consents_of(storage, CHAT)

    assert kept == [CONSENT, replace(CONSENT, purpose=Purpose.SURVEY, given_at=later(minutes=1))]
    assert await consents_of(storage, ZALO) == []


async def test_a_withdrawn_consent_stays_on_record_and_can_be_given_again(storage: Storage) -> None:
    again = replace(CONSENT, wording="bind/2", given_at=later(days=2))
    await agree(storage, CONSENT, replace(CONSENT, address=ZALO))

    purposes = [Purpose.UPDATES, Purpose.SURVEY]
    withdrawn = [await storage.write(lambda tx: tx.people.withdraw(CHAT, purposes, at=later(days=1))) for _ in range(2)]
    await agree(storage, again)

    assert withdrawn == [1, 0]
    assert await consents_of(storage, CHAT) == [replace(CONSENT, withdrawn_at=later(days=1)), again]
    assert await consents_of(storage, ZALO) == [replace(CONSENT, address=ZALO)]


async def test_withdrawn_consents_are_read_in_pages_and_standing_ones_are_not_among_them(storage: Storage) -> None:
    chats = [Address("telegram", str(each)) for each in range(1, 6)]
    await storage.write(lambda tx: tx.people.agree([replace(CONSENT, address=each) for each in chats]))
    for each in chats[1:4]:
        await storage.write(lambda tx, each=each: tx.people.withdraw(each, {CONSENT.purpose}, at=later(days=1)))  # type: ignore[misc]

    first = await storage.read(lambda tx: tx.people.withdrawn(0, limit=2))
    second = await storage.read(lambda tx: tx.people.withdrawn(first.last, limit=2))
    none = await storage.read(lambda tx: tx.people.withdrawn(second.last, limit=2))

    assert [len(each.consents) for each in (first, second)] == [2, 1]
    assert {each.address for page in (first, second) for each in page.consents} == set(chats[1:4])
    assert all(each.withdrawn_at == later(days=1) for each in first.consents)
    assert (list(none.consents), bool(none), none.last) == ([], False, second.last)


async def test_the_same_consent_twice_at_once_is_one(storage: Storage) -> None:
    other = replace(CONSENT, purpose=Purpose.FEEDBACK)

    await asyncio.gather(*(agree(storage, *pair) for pair in [(CONSENT, other), (other, CONSENT)] * 4))

    assert len(await consents_of(storage, CHAT)) == 2


async def test_a_one_time_code_takes_the_place_of_the_one_before(storage: Storage) -> None:
    newer = replace(CODE, digest="digest-2", phone="+84987654321", sent_at=later(minutes=1))

    await storage.write(lambda tx: tx.people.put_code(CODE))
    await storage.write(lambda tx: tx.people.failed_try(ZALO))
    tried = await code_of(storage, ZALO)
    await storage.write(lambda tx: tx.people.put_code(newer))

    assert tried == replace(CODE, tries=1)
    assert await code_of(storage, ZALO) == newer
    await storage.write(lambda tx: tx.people.drop_code(ZALO))
    assert await code_of(storage, ZALO) is None


async def test_wrong_answers_at_once_are_all_counted(storage: Storage) -> None:
    await storage.write(lambda tx: tx.people.put_code(CODE))

    await asyncio.gather(*(storage.write(lambda tx: tx.people.failed_try(ZALO)) for _ in range(6)))

    assert await code_of(storage, ZALO) == replace(CODE, tries=6)


async def test_codes_that_nobody_brought_back_do_not_stay_for_ever(storage: Storage) -> None:
    await storage.write(lambda tx: tx.people.put_code(CODE))
    await storage.write(lambda tx: tx.people.put_code(replace(CODE, address=CHAT, sent_at=later(hours=1))))
    expired = await code_of(storage, ZALO)
    await storage.write(lambda tx: tx.people.put_code(replace(CODE, address=CHAT, sent_at=later(days=2))))

    assert expired == CODE
    assert await code_of(storage, ZALO) is None


async def settled(storage: Storage, address: Address) -> None:
    """A chat with something in every table."""

    async def work(tx: Transaction) -> None:
        await tx.people.bind(replace(BINDING, address=address))
        await tx.people.put_code(replace(CODE, address=address))
        await tx.people.agree([replace(CONSENT, address=address)])
        await tx.follows.add(Follow(address, "onestop", "H56.14-260302-0009", "telegram", NOW))
        await tx.conversations.first_time(a_message(1, channel=address.key, sender=address))
        await tx.conversations.save(address, ConversationState(about=address.value), at=later(days=1))
        await tx.do_not_send.add([Unwanted(address, NOW, "", "")])
        await tx.service.begin_talk(Talk(address=address, channel="telegram", begun_at=NOW, heard_at=NOW))
        await tx.service.ask_survey([Survey(source="onestop", code="H56", address=address, agency="H56", asked_at=NOW)])

    await storage.write(work)


async def left_at(storage: Storage, address: Address) -> dict[str, bool]:
    """What is kept under an address."""

    async def look(tx: Transaction) -> dict[str, bool]:
        return {
            "binding": await tx.people.binding(address) is not None,
            "code": await tx.people.code_of(address) is not None,
            "consents": await tx.people.consents(address) != [],
            "follows": await tx.follows.of(address) != [],
            "inbound": await tx.conversations.heard(address, since=NOW) > 0,
            "thread": await tx.conversations.thread(address, limit=9) != [],
            "conversation": await tx.conversations.load(address) != ConversationState(),
            "do_not_send": address in {each.address for each in await tx.do_not_send.listed(limit=9)},
            "talk": await tx.service.talk(address) is not None,
            "survey": await tx.service.open_survey(address, since=NOW) is not None,
        }

    return await storage.read(look)


async def test_a_chat_that_moves_takes_everything_along(storage: Storage) -> None:
    await settled(storage, CHAT)
    words = Feedback(kind=FeedbackKind.SCAM, address=CHAT, channel="telegram", text="x", at=NOW)
    number = await storage.write(lambda tx: tx.service.add_feedback(words, day="260302", prefix="PA"))

    await storage.write(lambda tx: tx.people.move(CHAT, NEW_CHAT))

    assert [name for name, is_left in (await left_at(storage, CHAT)).items() if is_left] == []
    assert [name for name, is_there in (await left_at(storage, NEW_CHAT)).items() if not is_there] == []
    assert await bound(storage, NEW_CHAT) == replace(BINDING, address=NEW_CHAT, heard_at=later(days=1))
    feedback = await storage.read(lambda tx: tx.service.feedback(number))
    assert feedback is not None
    assert feedback.address == NEW_CHAT


async def test_a_chat_that_moves_takes_its_messages_along_whatever_their_state(storage: Storage) -> None:
    waiting, held, gone = (an_item(number, channel="telegram", address=CHAT) for number in range(3))
    await enqueue(storage, held, gone)
    await claim(storage, channel="telegram")
    await settle(
        storage, a_settlement(held.id, DeliveryState.HELD), a_settlement(gone.id, DeliveryState.ACCEPTED, "ref")
    )
    await enqueue(storage, waiting)

    await storage.write(lambda tx: tx.people.move(CHAT, NEW_CHAT))

    items = [await storage.read(lambda tx, i=item: tx.outbox.get(i.id)) for item in (waiting, held, gone)]  # type: ignore[misc]
    assert [(item.address, item.state) for item in items if item] == [
        (NEW_CHAT, DeliveryState.QUEUED),
        (NEW_CHAT, DeliveryState.HELD),
        (NEW_CHAT, DeliveryState.ACCEPTED),
    ]


async def test_a_chat_can_move_to_where_something_is_already(storage: Storage) -> None:
    await settled(storage, CHAT)
    await settled(storage, NEW_CHAT)

    await storage.write(lambda tx: tx.people.move(CHAT, NEW_CHAT))

    assert not any((await left_at(storage, CHAT)).values())
    assert all((await left_at(storage, NEW_CHAT)).values())
    assert len(await consents_of(storage, NEW_CHAT)) == 1
    assert (await storage.read(lambda tx: tx.conversations.load(NEW_CHAT))).about == CHAT.value


async def test_a_chat_that_has_nothing_or_goes_nowhere_harms_nothing(storage: Storage) -> None:
    await settled(storage, NEW_CHAT)

    await storage.write(lambda tx: tx.people.move(CHAT, NEW_CHAT))
    await storage.write(lambda tx: tx.people.move(NEW_CHAT, NEW_CHAT))

    assert all((await left_at(storage, NEW_CHAT)).values())
