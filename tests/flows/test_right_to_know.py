"""Who may see how much of a dossier, and what guessing comes to: on every engine."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from bot.config import Factor, LookupSettings, Strangers
from bot.guarding import CODE, LEVELS, NETWORK, SENDER, Rule
from bot.lookup import Asker, Found, seek
from bot.model.dossier import Dossier
from bot.model.person import Address, Follow, Right
from bot.ports import Failures, Mirrored, Storage
from bot.proving import fits, proofs_in
from tests.support.making import OWNER_PHONE, START, Time, code, dossier

OWNER = Asker(Address("sms", OWNER_PHONE), OWNER_PHONE)
BOUND = Asker(Address("zalo", "71"), OWNER_PHONE)
STRANGER = Asker(Address("telegram", "1001"))
STRICT = LookupSettings(strangers=Strangers.NOTHING)
LEVEL = LookupSettings(strangers=Strangers.LEVEL)
SECRET = "a1B2"
MISSING = code(9999)
_visitors = count(1)


def visitor(network: str = "") -> Asker:
    """Somebody whom nobody knows."""
    return Asker(Address("webchat", f"{next(_visitors):032x}"), network=network)


class Office:
    """A mirror with a few dossiers, and citizens who ask."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.time = Time()

    async def keep(self, *dossiers: Dossier) -> None:
        await self.storage.write(lambda tx: tx.dossiers.save([Mirrored.of(each, 1) for each in dossiers], at=START))

    async def asked(self, number: str, asker: Asker = STRANGER, rules: LookupSettings = STRICT, **more: Any) -> Found:
        return await self.storage.write(
            lambda tx: seek(tx, number, asker, rules, now=self.time(), stale_after={}, **more)
        )

    async def right(self, number: str, asker: Asker = STRANGER, rules: LookupSettings = STRICT, **more: Any) -> Right:
        return (await self.asked(number, asker, rules, **more)).right

    async def fail(self, times: int, asker: Asker = STRANGER, rules: LookupSettings = STRICT, **more: Any) -> None:
        """As often as that, each time after whatever must be waited."""
        for number in range(times):
            while wait := (await self.asked(code(7000 + number), asker, rules, **more)).wait:
                self.time.pass_(seconds=wait.total_seconds() + 1)


def replace_rules(rules: LookupSettings, **changes: Any) -> LookupSettings:
    return rules.model_copy(update=changes)


async def follow(office: Office, asker: Asker, number: str, invited_by: str = "") -> None:
    entry = Follow(asker.address, "office", number, asker.address.scheme, START, invited_by)
    await office.storage.write(lambda tx: tx.follows.add(entry))


@pytest.fixture
async def office(storage: Storage) -> Office:
    office = Office(storage)
    await office.keep(dossier(1, lookup_code=SECRET, id_tail="0321"), dossier(2))
    return office


# Levels


@pytest.mark.parametrize("asker", [OWNER, BOUND])
@pytest.mark.parametrize("rules", [STRICT, LEVEL])
async def test_the_phone_on_the_dossier_or_a_chat_bound_to_it_sees_all(
    office: Office, asker: Asker, rules: LookupSettings
) -> None:
    found = await office.asked(code(1), asker, rules, is_tightened=True)

    assert found.right is Right.FULL
    assert found.dossier is not None


async def test_a_stranger_sees_the_level_or_nothing_as_the_agency_has_set(office: Office) -> None:
    assert await office.right(code(1), rules=LEVEL) is Right.LEVEL
    assert await office.right(code(1), rules=STRICT) is Right.NOTHING


async def test_while_codes_are_guessed_strangers_see_nothing(office: Office) -> None:
    found = await office.asked(code(1), rules=LEVEL, is_tightened=True)

    assert found == Found(code(1), Right.NOTHING)


async def test_an_office_can_keep_its_level_in_spite_of_the_alarm(office: Office) -> None:
    rules = replace_rules(LEVEL, tighten=False)

    assert await office.right(code(1), rules=rules, is_tightened=True) is Right.LEVEL


@pytest.mark.parametrize(
    "typed",
    [
        "a1b2",
        " A1 B2 ",
        "mã tra cứu: a1b2",
        "5678",
        "sdt 0912345678",
        "0912 345 678",
        "0321",
        "CCCD: 0321",
        "4 số: 0321",
    ],
)
async def test_a_right_factor_shows_status_and_dates_for_this_answer_alone(office: Office, typed: str) -> None:
    asker = visitor()

    assert await office.right(code(1), asker, factor=typed) is Right.DETAILS
    assert await office.right(code(1), asker) is Right.NOTHING


@pytest.mark.parametrize("typed", ["", "a1b", "a1b22", "1234", "56789", "0000", "cho tôi hỏi với ạ", "?", "x" * 5000])
async def test_anything_else_is_no_factor(office: Office, typed: str) -> None:
    assert await office.right(code(1), factor=typed) is Right.NOTHING


@pytest.mark.parametrize("typed", ["", "-", "0000", "5678"])
async def test_a_dossier_without_secrets_is_opened_by_nothing(office: Office, typed: str) -> None:
    await office.keep(dossier(3, phone="", lookup_code="", id_tail=""))

    assert await office.right(code(3), factor=typed) is Right.NOTHING


async def test_only_the_factors_that_the_agency_has_chosen_help(office: Office) -> None:
    rules = replace_rules(STRICT, factors=(Factor.ID,))

    assert await office.right(code(1), visitor(), rules, factor="0321") is Right.DETAILS
    assert await office.right(code(1), visitor(), rules, factor="5678") is Right.NOTHING
    assert await office.right(code(1), visitor(), replace_rules(STRICT, factors=()), factor="0321") is Right.NOTHING


async def test_a_follower_sees_status_and_dates(office: Office) -> None:
    await follow(office, STRANGER, code(1))

    assert await office.right(code(1)) is Right.DETAILS
    assert await office.right(code(2)) is Right.NOTHING


async def test_whom_an_owner_let_follow_sees_nothing_once_the_record_has_another_phone(office: Office) -> None:
    await follow(office, STRANGER, code(1), invited_by=OWNER_PHONE)
    before = await office.right(code(1))
    await office.keep(dossier(1, phone="+84987000111"))

    assert (before, await office.right(code(1))) == (Right.DETAILS, Right.NOTHING)


async def test_a_recycled_number_does_not_open_its_former_owners_dossiers(office: Office) -> None:
    await office.storage.write(lambda tx: tx.people.disown(OWNER_PHONE, at=START + timedelta(hours=1)))
    await office.keep(dossier(4, received_at=START + timedelta(days=1)), dossier(5, received_at=None))

    assert await office.right(code(1), OWNER) is Right.NOTHING
    assert await office.right(code(4), OWNER) is Right.FULL
    assert await office.right(code(5), OWNER) is Right.NOTHING


async def test_of_two_sources_with_the_same_code_the_own_dossier_comes_first_then_the_newest(office: Office) -> None:
    other = dossier(1, source="ministry", phone="+84987000111", received_at=START + timedelta(days=2))
    await office.keep(other)

    own = await office.asked(code(1), OWNER)
    level = await office.asked(code(1), rules=LEVEL)

    assert own.dossier is not None
    assert own.dossier.source == "office"
    assert level.dossier is not None
    assert level.dossier.source == "ministry"


async def test_either_printed_form_is_the_same_dossier(office: Office) -> None:
    await office.keep(replace(dossier(1), code="H56.14-240823-0001"))

    found = await office.asked("000.00.14.H56-240823-0001", OWNER)

    assert found.right is Right.FULL
    assert found.code == "000.00.14.H56-240823-0001"


# One behaviour


class Overheard:
    """A transaction that notes what is asked of it, in order; arguments only where they are not the code's own."""

    def __init__(self, inner: Any, heard: list[str], path: str = "") -> None:
        self._inner, self._heard, self._path = inner, heard, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if callable(value):
            return self._noting(f"{self._path}.{name}", value)
        return Overheard(value, self._heard, name)

    def _noting(self, what: str, act: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            self._heard.append(f"{what}({_size(given)})")
            return act(*given, **named)

        return called


def _size(given: Sequence[Any]) -> str:
    return ",".join(str(len(each)) if isinstance(each, list) else "1" for each in given)


@pytest.mark.parametrize("factor", ["", "9999", "x1y2"])
@pytest.mark.parametrize("rules", [STRICT, LEVEL])
async def test_what_does_not_exist_and_what_is_not_yours_ask_the_same_of_the_database(
    office: Office, factor: str, rules: LookupSettings
) -> None:
    heard: dict[str, list[str]] = {code(1): [], MISSING: []}
    found = {}
    for number, notes in heard.items():
        found[number] = await office.storage.write(
            lambda tx, number=number, notes=notes: seek(  # type: ignore[misc]
                Overheard(tx, notes),  # type: ignore[arg-type]
                number,
                visitor("2001:db8::/48"),
                rules,
                now=START,
                stale_after={},
                factor=factor,
                is_tightened=True,
            )
        )

    assert heard[code(1)] == heard[MISSING]
    assert len(heard[MISSING]) >= 5
    assert replace(found[code(1)], code="") == replace(found[MISSING], code="")


async def test_what_is_remembered_of_an_attempt_does_not_show_whether_the_code_exists(office: Office) -> None:
    answers = {}
    for number in (code(1), MISSING):
        asker = visitor()
        answers[number] = [replace(await office.asked(number, asker), code="") for _ in range(8)]

    assert answers[code(1)] == answers[MISSING]


# Waits


async def test_three_failures_are_free_then_the_wait_doubles(office: Office) -> None:
    for _ in range(3):
        assert (await office.asked(MISSING)).wait is None
    waits = []
    for _ in range(10):
        wait = (await office.asked(MISSING)).wait
        assert wait is not None
        waits.append(wait.total_seconds() / 60)
        office.time.pass_(seconds=wait.total_seconds())
        await office.asked(MISSING)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


async def test_asking_while_held_up_does_not_make_the_wait_longer_and_shows_nothing(office: Office) -> None:
    await office.fail(3)

    held = [await office.asked(code(1), rules=LEVEL, factor=SECRET) for _ in range(50)]
    office.time.pass_(seconds=61)
    later = await office.asked(code(1), factor=SECRET)

    assert {(each.right, each.wait) for each in held} == {(Right.NOTHING, timedelta(minutes=1))}
    assert later.right is Right.DETAILS


@pytest.mark.parametrize("asker", [OWNER, BOUND])
async def test_an_owner_is_never_held_up_for_her_own_dossier(office: Office, asker: Asker) -> None:
    await office.fail(6, asker)
    for _ in range(20):
        await office.asked(code(1), visitor(), factor="9999")

    own = await office.asked(code(1), asker)

    assert own.right is Right.FULL


async def test_wrong_factors_lock_a_code_for_all_strangers_whether_or_not_it_exists(office: Office) -> None:
    for number in (code(1), MISSING):
        for _ in range(5):
            assert (await office.asked(number, visitor(), factor="9999")).wait is None

        held = await office.asked(number, visitor(), factor=SECRET)

        assert (held.right, held.wait) == (Right.NOTHING, timedelta(minutes=10))


async def test_both_printed_forms_are_one_code_to_guess_at(office: Office) -> None:
    forms = ["000.00.14.H56-240823-0001", "H56.14-240823-0001"]
    for number in range(5):
        await office.asked(forms[number % 2], visitor(), factor="9999")

    held = [await office.asked(form, visitor(), factor="9999") for form in forms]

    assert [each.wait for each in held] == [timedelta(minutes=10)] * 2


async def test_who_merely_asks_does_not_lock_a_code_for_others(office: Office) -> None:
    for _ in range(30):
        await office.asked(code(1), visitor(), factor="cho tôi hỏi với")

    assert await office.right(code(1), visitor(), factor=SECRET) is Right.DETAILS


async def test_new_senders_from_one_network_are_held_up_together_and_others_are_not(office: Office) -> None:
    for _ in range(30):
        await office.asked(MISSING, visitor("203.0.113.7"))

    same = await office.asked(code(1), visitor("203.0.113.7"), factor=SECRET)
    other = await office.asked(code(1), visitor("203.0.113.8"), factor=SECRET)

    assert same.wait == timedelta(minutes=1)
    assert other.right is Right.DETAILS


async def test_a_stranger_sees_about_twenty_levels_a_day_and_then_nothing_at_all(office: Office) -> None:
    await office.keep(*(dossier(number) for number in range(100, 160)))
    seen = 0
    for number in range(100, 150):
        found = await office.asked(code(number), rules=LEVEL)
        seen += found.right is Right.LEVEL
    existing, missing = await office.asked(code(155), rules=LEVEL), await office.asked(MISSING, rules=LEVEL)

    assert seen == 20
    assert existing.wait == missing.wait == timedelta(hours=1)
    assert await office.right(code(1), rules=LEVEL, factor=SECRET) is Right.DETAILS


async def test_new_senders_from_one_network_do_not_see_level_after_level(office: Office) -> None:
    seen = [await office.right(code(1), visitor("203.0.113.7"), LEVEL) for _ in range(80)]

    assert seen.count(Right.LEVEL) == 60


async def test_a_success_wipes_out_what_stood_against_the_sender(office: Office) -> None:
    await office.fail(3)
    office.time.pass_(seconds=61)
    await office.asked(code(1), factor=SECRET)

    free = [(await office.asked(MISSING)).wait for _ in range(3)]

    assert free == [None, None, None]


async def test_but_not_again_and_again_for_one_who_guesses_between_two_successes(office: Office) -> None:
    attempts = 0
    for _ in range(200):
        own = await office.asked(code(1), OWNER)
        attempts += (await office.asked(MISSING, OWNER)).wait is None
        office.time.pass_(seconds=60)

    assert own.right is Right.FULL
    assert attempts <= 15


async def test_a_right_answer_by_standing_costs_one_who_never_failed_nothing(office: Office) -> None:
    heard: list[str] = []
    await office.storage.write(
        lambda tx: seek(Overheard(tx, heard), code(1), OWNER, STRICT, now=START, stale_after={})  # type: ignore[arg-type]
    )

    assert len(heard) <= 6


# The numbers, without a database


@pytest.mark.parametrize(
    ("rule", "days", "most"), [(SENDER, 1, 14), (CODE, 30, 18), (CODE, 365, 219), (LEVELS, 1, 24), (NETWORK, 1, 800)]
)
def test_one_who_never_misses_his_minute_comes_no_further(rule: Rule, days: int, most: int) -> None:
    end, now, tries = START + timedelta(days=days), START, list[Any]()
    while now < end:
        counted = [moment for moment in tries if moment >= now - rule.within]
        wait = rule.wait(Failures(len(counted), counted[-1]) if counted else None, now=now)
        if wait:
            now += min(wait, counted[0] + rule.within - now + timedelta(milliseconds=1))
        else:
            tries.append(now)

    assert rule.free < len(tries) <= most


@pytest.mark.parametrize(
    ("typed", "proofs"),
    [
        ("a1b2", ("a1b2",)),
        ("A1 B2", ("a1b2", "b2")),
        ("ABCD", ("abcd",)),
        ("mã tra cứu a1b2", ("mãtracứua1b2", "a1b2")),
        ("５６７８", ("5678",)),
        ("xin chào", ()),
        ("", ()),
        ("_-!", ()),
    ],
)
def test_proofs_are_read_from_what_people_write(typed: str, proofs: tuple[str, ...]) -> None:
    assert proofs_in(typed) == proofs


@pytest.mark.parametrize("typed", ["12345678 5678", "1234 5678", "0987 5678", "1111 2222 5678"])
def test_one_message_is_one_guess_at_four_digits(typed: str) -> None:
    others = [f"{number:04}" for number in range(10_000)]
    fitting = [tail for tail in others if fits(dossier(phone=f"+8491234{tail}"), proofs_in(typed), list(Factor))]

    assert fitting == ["5678"]


def test_to_compare_with_nothing_takes_as_long_as_to_compare_with_a_dossier() -> None:
    whole, proofs = dossier(lookup_code=SECRET, id_tail="0321"), proofs_in("9999")
    spent: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(3000):
        began = time.perf_counter()
        fits(whole if turn % 2 else None, proofs, list(Factor))
        spent[bool(turn % 2)].append(time.perf_counter() - began)

    medians = [sorted(each)[len(each) // 2] for each in spent.values()]

    assert max(medians) - min(medians) < 20e-6
