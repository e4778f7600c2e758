"""An owner lets somebody follow her dossier and takes it back: on every engine."""

import re

import pytest

from bot.model.message import Situation
from bot.model.person import Address, Purpose
from bot.ports import Storage
from tests.support.chats import Chats
from tests.support.making import OWNER_PHONE, START, code, dossier

OWNER = Address("sms", OWNER_PHONE)
SON = Address("zalo", "7001")
DAUGHTER = Address("telegram", "1001")
STRANGER = Address("sms", "+84987654321")
APPOINTMENT = "27/11/2026"


@pytest.fixture
async def chats(storage: Storage) -> Chats:
    chats = Chats(storage)
    await chats.mirror(dossier(1), dossier(2, phone="+84987000111"))
    return chats


async def word_from(chats: Chats, owner: Address = OWNER) -> str:
    """A word that the owner may hand on."""
    found = re.search(r"UQ ([A-Z0-9]{8})\b", await chats.says(owner, f"UY QUYEN {code(1)}"))
    assert found
    return found[1]


async def test_whom_an_owner_lets_follow_sees_status_and_dates_but_not_all(chats: Chats) -> None:
    await chats.mirror(dossier(1, place="Quầy số 3"))
    word = await word_from(chats)

    reply = await chats.says(SON, f"UQ {word}")
    shown = await chats.says(SON, code(1))

    assert reply.startswith(f"Từ nay Ông/Bà theo dõi được hồ sơ {code(1)}")
    assert APPOINTMENT in shown
    (follow,) = await chats.follows(SON)
    assert (follow.code, follow.invited_by, follow.channel) == (code(1), OWNER_PHONE, "zalo")
    consents = await chats.storage.read(lambda tx: tx.people.consents(SON))
    assert [(each.purpose, each.wording) for each in consents] == [(Purpose.UPDATES, "represent/1")]


async def test_the_owner_is_told_by_sms_and_how_to_take_it_back(chats: Chats) -> None:
    word = await word_from(chats)

    await chats.says(SON, f"uq {word.lower()}")

    (sms,) = await chats.sms_to(OWNER_PHONE)
    assert sms.situation is Situation.NOTICE
    assert sms.text == (
        f"Bo phan Mot cua: co nguoi qua Zalo vua dung tu cua Ong/Ba de theo doi ho so {code(1)}. "
        f"Neu khong dung y, xin nhan: THU HOI {code(1)}"
    )


async def test_a_word_is_good_once_and_three_days(chats: Chats) -> None:
    once, late = await word_from(chats), await word_from(chats)
    await chats.says(SON, f"UQ {once}")

    twice = await chats.says(DAUGHTER, f"UQ {once}")
    chats.time.pass_(days=3)
    too_late = await chats.says(DAUGHTER, f"UQ {late}")

    assert twice == too_late
    assert twice.startswith("Từ này không đúng, đã dùng hoặc đã hết hạn.")
    assert await chats.follows(DAUGHTER) == []


@pytest.mark.parametrize("number", [1, 2, 9])
async def test_only_an_owner_hands_out_words_and_others_are_all_told_the_same(chats: Chats, number: int) -> None:
    reply = await chats.says(STRANGER, f"UY QUYEN {code(number)}")
    revoking = await chats.says(STRANGER, f"THU HOI {code(number)}")

    expected = "Chi nhan viec nay ve ho so CODE tu so dien thoai ghi trong ho so. Xin xem lai ma, hoac nhan tu so ay."
    assert reply.replace(code(number), "CODE") == revoking.replace(code(number), "CODE") == expected


async def test_a_representative_cannot_hand_it_on(chats: Chats) -> None:
    await chats.says(SON, f"UQ {await word_from(chats)}")

    assert (await chats.says(SON, f"ủy quyền {code(1)}")).startswith("Chỉ nhận việc này về hồ sơ")


async def test_the_owner_takes_it_back_from_all_and_from_words_not_yet_used(chats: Chats) -> None:
    for somebody in (SON, DAUGHTER):
        await chats.says(somebody, f"UQ {await word_from(chats)}")
    open_word = await word_from(chats)

    reply = await chats.says(OWNER, f"THU HOI {code(1)}")
    used = await chats.says(SON, f"UQ {open_word}")
    again = await chats.says(OWNER, f"THU HOI {code(1)}")

    assert reply.startswith(f"Da thu hoi quyen theo doi ho so {code(1)} cua 2 nguoi.")
    assert used.startswith("Từ này không đúng")
    assert "khong co nguoi duoc uy quyen nao" in again
    assert APPOINTMENT not in await chats.says(SON, code(1))


async def test_a_word_is_worth_nothing_once_the_record_has_another_phone(chats: Chats) -> None:
    word = await word_from(chats)
    await chats.mirror(dossier(1, phone="+84987000111"))

    reply = await chats.says(SON, f"UQ {word}")

    assert reply.startswith("Từ này không đúng")
    assert await chats.follows(SON) == []


async def test_words_cannot_be_guessed_at_leisure(chats: Chats) -> None:
    word = await word_from(chats)
    replies = [await chats.says(SON, f"UQ ABCDEFG{letter}") for letter in "ABCDEF"]

    held = await chats.says(SON, f"UQ {word}")
    chats.time.pass_(minutes=2)
    later = await chats.says(SON, f"UQ {word}")

    assert [reply.startswith("Từ này không đúng") for reply in replies] == [True] * 3 + [False] * 3
    assert held == "Đã có nhiều lần thử không đúng. Xin Ông/Bà thử lại sau 1 phút."
    assert later.startswith("Từ nay Ông/Bà theo dõi được")


async def test_words_of_ones_own_do_not_wipe_out_guesses_again_and_again(chats: Chats) -> None:
    guesses = 0
    for number in range(20):
        await chats.says(OWNER, f"UQ {await word_from(chats)}")
        reply = await chats.says(OWNER, f"UQ ABCDEFG{'ABCDEFGHJK'[number % 10]}")
        guesses += reply.startswith("Tu nay khong dung")
        chats.time.pass_(minutes=2)

    assert guesses <= 9


async def test_wrong_words_count_towards_the_alarm(chats: Chats) -> None:
    await chats.says(SON, "UQ ABCDEFGH")

    spread = await chats.storage.read(lambda tx: tx.guards.spread(since=START))

    assert (spread.failures, spread.senders) == (1, 1)


async def test_the_dossier_last_spoken_of_needs_no_code(chats: Chats) -> None:
    await chats.says(OWNER, code(1))

    assert "UQ " in await chats.says(OWNER, "UY QUYEN")


async def test_without_a_code_it_is_explained(chats: Chats) -> None:
    assert "vi du: UY QUYEN H56" in await chats.says(OWNER, "UY QUYEN")
    assert "vi du: THU HOI H56" in await chats.says(OWNER, "THU HOI")
    assert "UQ và từ gồm 8 chữ" in await chats.says(SON, "UQ")


async def test_words_are_kept_as_digests(chats: Chats) -> None:
    word = await word_from(chats)

    unknown = await chats.storage.write(lambda tx: tx.follows.redeem(word, now=START))

    assert unknown is None
