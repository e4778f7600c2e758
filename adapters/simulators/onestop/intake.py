"""Who comes to which desk with what, and what will become of it."""

from random import Random
from typing import NamedTuple

from adapters.simulators.onestop.agencies import COMMUNES, DEPARTMENTS, DISTRICTS, RECEIVED, Agency, Tier
from adapters.simulators.onestop.course import End, Fate
from adapters.simulators.onestop.people import Citizen, Citizens
from adapters.simulators.onestop.procedures import PROCEDURES, Procedure
from adapters.simulators.onestop.quotas import Quota, Turns
from adapters.simulators.onestop.settings import Settings
from bot.model.dossier import Handing

_EARLY, _ON_TIME = 73_516, 9_517
"""Results of Q1/2018 before their appointment and on it; the share of the late ones is a setting."""
_ONLINE = 18_080 / 93_281
_REFUSED, _WITHDRAWN, _STOPPED = 0.010, 0.006, 0.007
_DUTY = 0.3
"""Of the procedures that can cost something later on."""
_SHORT = range(1, 4)
"""Working days of the procedures on which two of three delays fall, so that they show soon."""


class Arrival(NamedTuple):
    agency: Agency
    procedure: Procedure
    citizen: Citizen
    fate: Fate


class Intake:
    """All desks of the province together. Shares are kept by counting (see `quotas`)."""

    def __init__(self, settings: Settings, random: Random) -> None:
        self._random = random
        self._tiers = Turns(RECEIVED)
        self._citizens = Citizens(
            random,
            special=settings.special_phones,
            landline=settings.landlines,
            foreign=settings.foreign,
            old=settings.old_numbers,
            none=settings.no_phone,
        )
        self._online = Quota(_ONLINE, phase=0.0)
        self._refused = Quota(_REFUSED / _ONLINE)
        self._withdrawn = Quota(_WITHDRAWN)
        self._stopped = Quota(_STOPPED, phase=0.8)
        self._supplement = Quota(settings.supplements)
        self._again = Quota(settings.second_supplements)
        self._sooner = Quota(settings.sooner)
        self._pause = Quota(settings.pauses)
        self._posted = Quota(settings.posted / (1 - _ONLINE))
        self._to_post = Quota(settings.posted_results)
        self._electronic = Quota(settings.electronic_results)
        self._duty = Quota(_DUTY)
        self._interlinked = Quota(settings.interlinked)
        self._late = Quota(settings.late)
        self._in_time = Turns((_EARLY, _ON_TIME))
        self._untold = Quota(settings.untold, phase=0.0)
        self._owed, self._delays = 0, 0

    def next(self) -> Arrival:
        tier = Tier(self._tiers.take())
        procedure = self._random.choices(_OFFERED[tier], _WEIGHTS[tier])[0]
        return Arrival(self._agency(procedure), procedure, self._citizens.next(), self._fate(procedure))

    def _agency(self, procedure: Procedure) -> Agency:
        match procedure.tier:
            case Tier.DEPARTMENT:
                return _BY_NAME[procedure.department]
            case Tier.DISTRICT:
                return self._random.choice(DISTRICTS)
            case Tier.COMMUNE:
                return self._random.choice(COMMUNES)

    def _fate(self, procedure: Procedure) -> Fate:
        filed = self._filed()
        if filed is Handing.ONLINE and self._refused.ask():
            return Fate(end=End.REFUSED, filed=filed)
        duty = procedure.duty and self._duty.ask()
        if procedure.days and self._withdrawn.ask():
            return Fate(end=End.WITHDRAWN, filed=filed)
        if procedure.days and self._stopped.ask():
            return Fate(end=End.STOPPED, filed=filed, duty=duty)
        end = self._result(procedure)
        linked = procedure.days > 0 and self._interlinked.ask()
        lacking = self._supplement.ask()
        return Fate(
            end=end,
            filed=filed,
            returned=self._returned(filed),
            duty=duty,
            supplements=lacking + (lacking and self._again.ask()),
            sooner=end is End.EARLY and procedure.days > _SHORT[0] and self._sooner.ask(),
            pause=procedure.days > 1 and self._pause.ask(),
            interlinked=linked,
        )

    def _filed(self) -> Handing:
        if self._online.ask():
            return Handing.ONLINE
        return Handing.POST if self._posted.ask() else Handing.COUNTER

    def _returned(self, filed: Handing) -> Handing:
        if self._to_post.ask():
            return Handing.POST
        return Handing.ONLINE if filed is Handing.ONLINE and self._electronic.ask() else Handing.COUNTER

    def _result(self, procedure: Procedure) -> End:
        """A delay that falls due waits for a procedure on which it fits."""
        self._owed += self._late.ask()
        long = self._delays % 3 == 2
        if self._owed and (procedure.days > _SHORT[-1] if long else procedure.days in _SHORT):
            self._owed -= 1
            self._delays += 1
            return End.FORGOTTEN if self._untold.ask() else End.LATE
        return (End.EARLY, End.ON_TIME)[self._in_time.take()]


_OFFERED = {tier: [procedure for procedure in PROCEDURES if procedure.tier is tier] for tier in Tier}
_WEIGHTS = {tier: [procedure.weight for procedure in offered] for tier, offered in _OFFERED.items()}
_BY_NAME = {agency.name: agency for agency in DEPARTMENTS}
