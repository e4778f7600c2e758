"""Versions of the texts that an office has made its own, on every engine."""

import asyncio
from dataclasses import replace

import pytest

from bot.model.message import Form, Situation
from bot.model.wording import TextKey, TextState, Version, Wording
from bot.ports import Storage, Transaction
from tests.contract.storage_values import NOW, later

RESULT = TextKey(Situation.RESULT, "vi", "H56.14")
WORDING = Wording(
    chat='Kính gửi Ông/Bà,\nhồ sơ {{ code }} đã có kết quả{% if place == "Quầy \\"3\\"" %} 😀{% endif %}.',
    sms="Kính gửi Ông/Bà: hồ sơ {{ code }} đã có kết quả.",
    sms_accented="Hồ sơ {{ code }} đã có kết quả.",
    required=("code",),
    flexible=("place", "agency"),
    forms=(
        Form("zalo", "100004", parameters={"ma_ho_so": "code", "noi_tra": "place:address"}),
        Form("sms", "77", "Ho so {1} da co ket qua."),
    ),
)


async def draft(storage: Storage, key: TextKey = RESULT, wording: Wording = WORDING, *, hours: int = 0) -> int:
    return await storage.write(lambda tx: tx.texts.draft(key, wording, by="chi.lan", at=later(hours=hours), note="thử"))


async def publish(storage: Storage, number: int, key: TextKey = RESULT, *, hours: int = 1) -> bool:
    return await storage.write(lambda tx: tx.texts.publish(key, number, by="anh.nam", at=later(hours=hours)))


async def history(storage: Storage, key: TextKey = RESULT) -> list[Version]:
    return await storage.read(lambda tx: tx.texts.history(key))


async def test_a_draft_is_kept_exactly_as_it_was_written(storage: Storage) -> None:
    number = await draft(storage)

    kept = await storage.read(lambda tx: tx.texts.version(RESULT, number))

    assert kept == Version(key=RESULT, number=1, wording=WORDING, note="thử", made_by="chi.lan", made_at=NOW)
    assert await storage.read(lambda tx: tx.texts.version(RESULT, 2)) is None
    assert await storage.read(lambda tx: tx.texts.published()) == []


async def test_what_is_published_takes_the_place_of_what_was(storage: Storage) -> None:
    first = await draft(storage)
    await publish(storage, first)
    second = await draft(storage, wording=replace(WORDING, sms="Ngắn hơn: {{ code }}"), hours=2)

    done = await publish(storage, second, hours=3)
    again = await publish(storage, second, hours=4)

    newest, oldest = await history(storage)
    assert (done, again) == (True, False)
    assert (newest.state, newest.published_by, newest.published_at) == (TextState.PUBLISHED, "anh.nam", later(hours=3))
    assert (oldest.state, oldest.retired_by, oldest.retired_at) == (TextState.RETIRED, "anh.nam", later(hours=3))
    assert oldest.wording == WORDING
    assert [each.number for each in await storage.read(lambda tx: tx.texts.published())] == [2]


async def test_rolling_back_publishes_the_old_words_as_a_new_version_and_leaves_the_draft(storage: Storage) -> None:
    for hours in (0, 2):
        await publish(storage, await draft(storage, wording=replace(WORDING, sms=f"{hours}"), hours=hours), hours=hours)
    waiting = await draft(storage, hours=4)

    never_published = await storage.write(lambda tx: tx.texts.republish(RESULT, waiting, by="anh.nam", at=NOW))
    made = await storage.write(
        lambda tx: tx.texts.republish(RESULT, 1, by="anh.nam", at=later(hours=5), note="sai giờ")
    )

    found = {each.number: each for each in await history(storage)}
    assert (never_published, made) == (None, 4)
    assert [each.state.value for each in found.values()] == ["published", "draft", "retired", "retired"]
    assert (found[4].wording, found[4].copy_of, found[4].note) == (found[1].wording, 1, "sai giờ")
    assert (found[4].made_by, found[4].published_at) == ("anh.nam", later(hours=5))


async def test_a_newer_draft_takes_the_place_of_an_older_one(storage: Storage) -> None:
    await draft(storage)

    await draft(storage, hours=1)

    assert [(each.number, each.state.value) for each in await history(storage)] == [(2, "draft"), (1, "retired")]
    assert await publish(storage, 1) is False


async def test_a_text_can_be_taken_out_of_force(storage: Storage) -> None:
    await publish(storage, await draft(storage))

    retired = [await storage.write(lambda tx: tx.texts.retire(RESULT, by="anh.nam", at=NOW)) for _ in range(2)]

    assert retired == [True, False]
    assert await storage.read(lambda tx: tx.texts.published()) == []


async def test_the_revision_goes_up_when_what_is_in_force_changes_and_only_then(storage: Storage) -> None:
    async def revision() -> int:
        return await storage.read(lambda tx: tx.texts.revision())

    seen = [await revision()]
    first = await draft(storage)
    seen.append(await revision())
    await publish(storage, first)
    seen.append(await revision())
    await storage.write(lambda tx: tx.texts.republish(RESULT, first, by="anh.nam", at=NOW))
    seen.append(await revision())
    await publish(storage, first)
    await storage.write(lambda tx: tx.texts.retire(RESULT, by="anh.nam", at=NOW))
    seen.append(await revision())

    assert seen == [0, 0, 1, 2, 3]


async def test_versions_are_numbered_without_gap_or_twin_however_many_write_at_once(storage: Storage) -> None:
    async def undone(tx: Transaction) -> None:
        await tx.texts.draft(RESULT, WORDING, by="x", at=NOW)
        raise LookupError

    calls = [storage.write(undone) if number % 4 == 0 else draft(storage) for number in range(12)]
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert sorted(each for each in results if isinstance(each, int)) == list(range(1, 10))
    assert [each.state.value for each in await history(storage)].count("draft") == 1


async def test_each_situation_language_and_agency_has_versions_of_its_own(storage: Storage) -> None:
    keys = [RESULT, replace(RESULT, agency=""), replace(RESULT, language="en"), TextKey(Situation.APOLOGY, "vi")]
    numbers = [await draft(storage, key) for key in keys]
    await publish(storage, 1, keys[1])
    await draft(storage, keys[1])

    current = await storage.read(lambda tx: tx.texts.current())

    assert numbers == [1, 1, 1, 1]
    assert [(each.key, each.state.value) for each in current] == [
        (keys[3], "draft"),
        (keys[2], "draft"),
        (keys[1], "published"),
        (keys[1], "draft"),
        (keys[0], "draft"),
    ]


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "'; DROP TABLE texts; --", ":name $1", "{{ {% {#"])
async def test_any_words_of_an_office_are_taken(storage: Storage, text: str) -> None:
    key = TextKey(Situation.RESULT, "vi", text)
    made = await storage.write(lambda tx: tx.texts.draft(key, replace(WORDING, chat=text), by=text, at=NOW, note=text))
    await storage.write(lambda tx: tx.texts.publish(key, made, by=text, at=NOW))

    assert len(await storage.read(lambda tx: tx.texts.published())) == 1
