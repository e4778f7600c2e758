"""The mirror: what is saved comes back, by one statement."""

from dataclasses import replace

import pytest

from bot.model.apology import Apology
from bot.model.dossier import Change, ChangeKind, Dossier, Handing, Status, Step, Wait
from bot.ports import Known, Storage
from tests.contract.storage_values import NOW, a_dossier, kept, later


async def save(storage: Storage, *dossiers: Dossier, number: int = 1) -> None:
    await storage.write(lambda tx: tx.dossiers.save(kept(*dossiers, number=number), at=NOW))


async def test_every_field_of_a_dossier_comes_back(storage: Storage) -> None:
    whole = a_dossier(
        1,
        status=Status.SUPPLEMENT,
        status_text="Yêu cầu bổ sung",
        agency="H56.14",
        agency_name="UBND phường Vĩnh Hải",
        procedure="1.005129",
        procedure_name="Đăng ký khai sinh",
        received_at=later(milliseconds=7),
        finished_at=later(days=2),
        supplement="Giấy chứng sinh",
        reason="thiếu bản chính",
        place="Quầy 3, buổi sáng",
        lookup_code="G7K2-91Q",
        id_tail="4821",
        filed_by=Handing.ONLINE,
        returned_by=Handing.POST,
        tracking="EK123456789VN",
        fee="150.000 đồng",
        fee_paid_at=later(days=1, milliseconds=3),
        supplement_until=later(days=8),
        paused_at=later(days=2),
        steps=(
            Step(agency="H56.14", holder="Phòng Tư pháp", task="Thẩm định", status=Status.PROCESSING, started_at=NOW),
        ),
        waits=(Wait(NOW, later(hours=3)), Wait(later(days=1))),
        updated_at=later(days=3),
        sequence=7,
        progressed_at=later(days=3),
        due_at=later(days=5),
        first_seen_at=NOW,
    )
    bare = Dossier(source="onestop", code="H56.14-260302-0002", first_seen_at=NOW)

    await save(storage, whole, bare)

    found = await storage.read(lambda tx: tx.dossiers.get_many("onestop", [whole.code, bare.code, "none"]))
    assert found == {whole.code: whole, bare.code: bare}


async def test_each_of_the_terms_comes_back_alone_and_goes_again(storage: Storage) -> None:
    plain = a_dossier(1, first_seen_at=NOW)
    some = [
        replace(plain, filed_by=Handing.COUNTER),
        replace(plain, returned_by=Handing.ONLINE),
        replace(plain, tracking="EK-ệ"),
        replace(plain, fee="8.000 đồng"),
        replace(plain, fee_paid_at=later(days=1)),
        replace(plain, supplement_until=later(days=1)),
        replace(plain, paused_at=later(days=1)),
        replace(plain, pauses=(Wait(NOW, later(days=1)), Wait(later(days=2), later(days=3)))),
        plain,
    ]
    read = []
    for each in some:
        await save(storage, each)
        read += await storage.read(lambda tx: tx.dossiers.find(plain.code))

    assert [replace(each, due_at=None) for each in read] == [replace(each, due_at=None) for each in some]


async def test_what_we_promised_holds_until_the_source_names_another_date(storage: Storage) -> None:
    dossier = a_dossier(1)
    apology = Apology(
        id="XL-260302-0001", source=dossier.source, code=dossier.code, agency="", agency_name="", reason="overload",
        old_at=later(days=5), new_at=later(days=8), limit_at=later(days=4), form="", drafted_at=NOW,
    )  # fmt: skip
    await save(storage, dossier)
    await storage.write(lambda tx: tx.apologies.promise(apology))

    dates = []
    for record in (dossier, replace(dossier, status=Status.DONE), replace(dossier, appointment_at=later(days=6))):
        await save(storage, record)
        [found] = await storage.read(lambda tx: tx.dossiers.find(dossier.code))
        dates.append((found.promised_at, found.appointment, found.due_at))

    assert dates == [(later(days=8),) * 3, (later(days=8),) * 3, (None, later(days=6), later(days=6))]


async def test_saving_again_replaces(storage: Storage) -> None:
    before = a_dossier(1)
    after = replace(before, status=Status.DONE, appointment_at=None, lookup_code="a\0ệ", id_tail="4821")

    await save(storage, before)
    await save(storage, after, number=2)

    known = await storage.read(lambda tx: tx.dossiers.known("onestop", [before.code, "H56.14-260302-9999"]))
    assert known == {before.code: Known(after.fingerprint, 2, None, None)}
    (found,) = await storage.read(lambda tx: tx.dossiers.find(before.code))
    assert (found.status, found.appointment_at, found.first_seen_at) == (Status.DONE, None, NOW)
    assert (found.lookup_code, found.id_tail) == ("a\N{REPLACEMENT CHARACTER}ệ", "4821")
    assert await storage.read(lambda tx: tx.dossiers.count()) == (1, 0)


async def test_a_comparison_names_what_differs_and_counts_what_is_there(storage: Storage) -> None:
    same, other, gone = a_dossier(1), a_dossier(2), a_dossier(3)
    await save(storage, same, other, replace(gone, source="ministry"))
    prints = {each.code: each.fingerprint for each in (same, replace(other, status=Status.DONE), gone)}

    found = await storage.read(lambda tx: tx.dossiers.compare("onestop", prints))
    nothing = await storage.read(lambda tx: tx.dossiers.compare("nobody", prints))
    none_asked = await storage.read(lambda tx: tx.dossiers.compare("onestop", {}))

    assert found == (2, {other.code: Known(other.fingerprint, 1, None, None)})
    assert nothing == none_asked == (0, {})


async def test_no_codes_find_nothing(storage: Storage) -> None:
    assert await storage.read(lambda tx: tx.dossiers.known("onestop", [])) == {}
    assert await storage.read(lambda tx: tx.dossiers.get_many("onestop", [])) == {}


async def test_a_code_is_found_in_every_source_and_only_whole(storage: Storage) -> None:
    here, there = a_dossier(1), a_dossier(1, source="ministry")

    await save(storage, here, there)

    found = await storage.read(lambda tx: tx.dossiers.find(here.code))
    assert [each.source for each in found] == ["ministry", "onestop"]
    assert await storage.read(lambda tx: tx.dossiers.find(here.code[:-1])) == []
    assert await storage.read(lambda tx: tx.dossiers.find(here.code.lower())) == []
    assert set(await storage.read(lambda tx: tx.dossiers.known("ministry", [here.code]))) == {here.code}


async def test_changes_come_back_oldest_first(storage: Storage) -> None:
    code = a_dossier(1).code
    appeared = Change(
        source="onestop", code=code, number=1, kind=ChangeKind.APPEARED, at=NOW, status_after=Status.RECEIVED
    )
    moved = replace(
        appeared,
        number=2,
        kind=ChangeKind.APPOINTMENT,
        at=later(days=1),
        status_before=Status.RECEIVED,
        appointment_before=later(days=5),
        appointment_after=later(days=9),
    )

    await storage.write(lambda tx: tx.dossiers.add_changes([moved, appeared]))

    assert await storage.read(lambda tx: tx.dossiers.changes_of("onestop", code)) == [appeared, moved]
    assert await storage.read(lambda tx: tx.dossiers.count()) == (0, 2)


async def test_the_same_change_cannot_be_numbered_twice(storage: Storage) -> None:
    change = Change(source="onestop", code="c", number=1, kind=ChangeKind.STATUS, at=NOW, status_after=Status.DONE)
    await storage.write(lambda tx: tx.dossiers.add_changes([change]))

    with pytest.raises(Exception, match=r"(?i)unique"):
        await storage.write(lambda tx: tx.dossiers.add_changes([change]))

    assert await storage.read(lambda tx: tx.dossiers.count()) == (0, 1)


async def test_a_thousand_dossiers_are_one_batch(storage: Storage) -> None:
    dossiers = [a_dossier(number) for number in range(1000)]

    await save(storage, *dossiers)

    codes = [dossier.code for dossier in dossiers]
    assert len(await storage.read(lambda tx: tx.dossiers.known("onestop", codes))) == 1000
    assert await storage.read(lambda tx: tx.dossiers.count()) == (1000, 0)


async def test_the_dossiers_of_a_phone_come_newest_first_and_those_that_are_over_last(storage: Storage) -> None:
    phone = "+84912345678"
    made = [
        a_dossier(1, phone=phone, received_at=later(days=1)),
        a_dossier(2, phone=phone, received_at=later(days=3), status=Status.RETURNED),
        a_dossier(3, phone=phone, received_at=later(days=2), status=Status.DONE),
        a_dossier(4, phone="+84900000000", received_at=later(days=4)),
        a_dossier(5, phone="", received_at=later(days=5)),
    ]
    await save(storage, *made)

    found = await storage.read(lambda tx: tx.dossiers.of_phone(phone, limit=9))
    first = await storage.read(lambda tx: tx.dossiers.of_phone(phone, limit=1))
    nobody = await storage.read(lambda tx: tx.dossiers.of_phone("", limit=9))

    assert [each.code for each in found] == [made[2].code, made[0].code, made[1].code]
    assert first == found[:1]
    assert nobody == []
