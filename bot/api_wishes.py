"""Pure: what other software may ask us to tell, and what becomes of it before anybody is looked up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.model.api import TRIAL
from bot.model.dossier import Change, ChangeKind, Dossier, Status
from bot.model.message import OutboxItem, Situation
from bot.model.parameters import CITIZEN_VALUES
from bot.model.person import Address
from bot.model.wording import TextKey
from bot.texts import Library, MissingValueError, Rendered
from bot.texts.linting import lint_value

_RECEIVED = {Status.RECEIVED, Status.PROCESSING}
_IN_WORK = {Status.REGISTERED, *_RECEIVED, Status.PAYMENT}
TELLABLE: Mapping[Situation, frozenset[Status]] = {
    each: frozenset(statuses)
    for each, statuses in {
        Situation.REGISTERED: {Status.REGISTERED},
        Situation.RECEIVED: _RECEIVED,
        Situation.RECEIVED_ONLINE: _RECEIVED,
        Situation.RECEIVED_POST: _RECEIVED,
        Situation.PROGRESS: _IN_WORK,
        Situation.STEP: _IN_WORK,
        Situation.SUPPLEMENT: {Status.SUPPLEMENT},
        Situation.SUPPLEMENT_RECEIVED: _IN_WORK,
        Situation.PAUSED: _IN_WORK,
        Situation.RESUMED: _IN_WORK,
        Situation.PAYMENT: {Status.PAYMENT},
        Situation.PAID: _IN_WORK,
        Situation.APPOINTMENT: _IN_WORK,
        Situation.RESULT: {Status.DONE},
        Situation.RESULT_EARLY: {Status.DONE},
        Situation.RESULT_POST: {Status.DONE, Status.RETURNED},
        Situation.RESULT_ONLINE: {Status.DONE},
        Situation.RETURNED: {Status.RETURNED},
        Situation.REFUSED: {Status.REFUSED},
        Situation.STOPPED: {Status.STOPPED},
        Situation.WITHDRAWN: {Status.WITHDRAWN},
    }.items()
}
"""What the API may tell, and in which states of a dossier that is true. An apology is approved by people (NĐ 61/2018
Đ19(9)); what is asked or said to a family follows from the record."""

_TRIAL_LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ToDossier:
    """To all whom the mirror would tell about this dossier."""

    code: str
    source: str = ""
    """Needed where two sources know the code."""


@dataclass(frozen=True, slots=True)
class ToPhone:
    """To the owner of a phone, by her own way."""

    phone: str = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    agency: str = ""
    """In whose name; empty: the key's."""
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for."""

    situation: Situation
    to: ToDossier | ToPhone
    reference: str = ""
    template: str = ""
    """The registered template by which the situation was named; empty: it was named itself."""

    @property
    def pointer(self) -> str:
        """Where the request says what is to be told."""
        return "/template" if self.template else "/situation"


@dataclass(frozen=True, slots=True)
class ByTemplate:
    """What is asked for by the id of a registered template."""

    template: str
    to: ToDossier | ToPhone
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the request: where (a JSON pointer), and what."""

    pointer: str
    word: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was planned. `word` names the problem."""

    word: str
    faults: tuple[Fault, ...] = ()


class Bodies(NamedTuple):
    """One text for both kinds of ways."""

    chat: Rendered
    sms: Rendered


def fault(word: str, pointer: str, **values: str) -> Refused:
    """One thing is wrong with the request."""
    return Refused("unprocessable", (Fault(pointer, word, values),))


def rendered(
    wish: Wish, to: ToPhone, library: Library, *, agency: str, hours: str, is_accented: bool
) -> Bodies | Refused:
    """The words of the text in force with the caller's values, if all are there and nothing speaks against them."""
    catalogue, name = library.catalogue(to.language, agency), f"push.{wish.situation}"
    values = {"hours": hours, **to.values}
    required = catalogue.messages[name].required
    faults = [*_of_values(wish, to, agency), *_missing(required, values)]
    if faults:
        return Refused("unprocessable", tuple(faults))
    try:
        chat, sms = catalogue.for_both(name, values, accented=is_accented)
    except MissingValueError as missing:
        return fault("missing_value", f"/to/values/{missing.name}")
    return fault("too_long", "/to/values") if sms.is_cut else Bodies(chat, sms)


def _of_values(wish: Wish, to: ToPhone, agency: str) -> Iterator[Fault]:
    """Names that no text knows; links and words of fraud, for which carriers stop messages."""
    key = TextKey(wish.situation, to.language, agency)
    for name, value in to.values.items():
        if name not in CITIZEN_VALUES:
            yield Fault(f"/to/values/{name}", "no_such_value")
        if (seen := hash(value)) in _harmless:
            continue
        findings = lint_value(key, name, value)
        yield from (Fault(f"/to/values/{name}", "linter", {"vi": each.vi, "en": each.en}) for each in findings)
        if not findings:
            _remember(seen)


_harmless: set[int] = set()
"""Values in which nothing was found, by a number that betrays none of them: an office names the same counters, agencies
and hours all day."""
_MOST_HARMLESS = 20_000


def _remember(seen: int) -> None:
    if len(_harmless) >= _MOST_HARMLESS:
        _harmless.clear()
    _harmless.add(seen)


def _missing(required: Iterable[str], values: Mapping[str, str]) -> Iterator[Fault]:
    return (Fault(f"/to/values/{each}", "missing_value") for each in required if not values.get(each, "").strip())


def change_of(dossier: Dossier, now: datetime) -> Change:
    """Something has been said about the dossier as it is."""
    return Change(
        source=dossier.source,
        code=dossier.code,
        number=0,
        kind=ChangeKind.STATUS,
        at=now,
        status_before=dossier.status,
        status_after=dossier.status,
        appointment_before=dossier.appointment_at,
        appointment_after=dossier.appointment_at,
    )


def as_trial(item: OutboxItem, now: datetime) -> OutboxItem:
    """The same for the sandbox: it touches no citizen, no dossier, no budget, and no figures."""
    phone = item.address.value
    return replace(
        item,
        dedupe_key=f"api|{item.id}|{TRIAL}",
        channel=TRIAL,
        route="",
        address=Address(TRIAL, phone),
        situation=Situation.TEST,
        source="",
        code="",
        agency="",
        status=None,
        appointment_at=None,
        alternatives=(),
        options=(),
        forms=(),
        values={},
        expires_at=now + _TRIAL_LIFE,
    )
