"""Waits that grow with failures: the numbers that make guessing hopeless, and the counting behind them.

Whoever is held up is not counted again. A patient citizen gets out, and an attacker who does not stop gains nothing:
while he waits nothing is compared, and to ask in the very moment in which the wait ends is what the numbers allow for.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Failures, Trace, Transaction

_MOST_DOUBLINGS = 24
_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Rule:
    """How patient somebody must be after so many failures."""

    kind: str
    """Of the traces that it counts."""
    free: int
    """So many failures cost no wait …"""
    within: timedelta
    """… as long as they count."""
    first: timedelta
    """The wait after the last free failure; every further one doubles it."""
    longest: timedelta

    def trace(self, subject: str) -> Trace:
        return Trace(self.kind, subject)

    def wait(self, failures: Failures | None, *, now: datetime) -> timedelta:
        """What is left of the wait; zero for none."""
        if failures is None or failures.count < self.free:
            return _NONE
        doublings = min(failures.count - self.free, _MOST_DOUBLINGS)
        span: timedelta = min(self.first * 2**doublings, self.longest)
        return max(failures.last_at + span - now, _NONE)


_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
KEPT = timedelta(days=30)
"""How long attempts are kept: as long as the slowest rule counts them."""

SENDER = Rule("asker", free=3, within=_DAY, first=timedelta(minutes=1), longest=_DAY)
"""One who asks in vain. At most 14 attempts in any 24 hours: 3 free ones, ten after waits of 1, 2, 4 … 512 minutes
(17 hours together), and one that the next wait lets through."""

CODE = Rule("code", free=5, within=KEPT, first=timedelta(minutes=10), longest=timedelta(days=7))
"""One dossier code, whoever brings a wrong factor to it, and whether or not it exists. In any 30 days at most 18
attempts: 5 free, twelve after waits of 10, 20, 40 … 20,480 minutes (28 days together), and one more. So at most 219 a
year over all senders in the world, 177 for the quickest. Four digits have 10,000 values, and an attempt is compared
with two such tails: 177 x 2 / 10,000 = 3.5 % a year for one code, while a dossier is open for weeks; a mã tra cứu has
36^4 values or more. (Were attempts forgotten after a day, 3,293 a year would be possible, which is no protection.)
Many codes, tried a little each, are slowed down by `SENDER`: at most 4,019 attempts a year, less than one hit."""

NETWORK = Rule("network", free=30, within=_HOUR, first=timedelta(minutes=1), longest=_HOUR)
"""All who come from one network to our own web server, where a new sender costs nothing."""

LEVELS = Rule("level", free=20, within=_DAY, first=_HOUR, longest=_DAY)
"""Levels of completion that a stranger has seen: at most 24 a day, or serial numbers could be read off one by one."""

NETWORK_LEVELS = Rule("level_network", free=60, within=_HOUR, first=timedelta(minutes=1), longest=_HOUR)

FORGIVEN = Rule("forgiven", free=1, within=_DAY, first=_DAY, longest=_DAY)
"""A success wipes out a sender's failures once a day: who may do it again and again guesses three codes, asks for a
dossier of his own, and so never waits."""

PHONE_HOUR = Rule("phone", free=3, within=_HOUR, first=_HOUR, longest=_HOUR)
PHONE_DAY = Rule("phone", free=5, within=_DAY, first=_DAY, longest=_DAY)
BINDER_HOUR = Rule("binder", free=3, within=_HOUR, first=_HOUR, longest=_HOUR)
BINDER_DAY = Rule("binder", free=10, within=_DAY, first=_DAY, longest=_DAY)
BINDER_NETWORK = Rule("binder_network", free=10, within=_HOUR, first=_HOUR, longest=_HOUR)
"""One-time codes asked for, to one phone, by one sender, from one network: an SMS costs the office money and the owner
of the phone peace. Five codes a day with five tries each are 25 of a million values."""

MISS, KNOWN = "sender", "known"
"""Kinds that no wait is made of. `GuardStore.spread` counts the first: attempts that only a guesser makes often, a code
that does not exist or a wrong factor. The second stands in its place where a stranger asks for a dossier that exists,
so that both leave equally many rows; else every hour in which strangers learn nothing would look like an attack."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What counts against one attempt."""

    tx: Transaction
    sender: str
    """Key of the address."""
    subjects: Mapping[Rule, str]
    failures: Mapping[Rule, Failures]
    now: datetime

    def wait(self, rules: Collection[Rule]) -> timedelta:
        """How long this attempt must wait by these rules; zero for not at all."""
        return max((rule.wait(self.failures.get(rule), now=self.now) for rule in rules), default=_NONE)

    async def note(self, rules: Iterable[Rule], *kinds: str) -> None:
        """Counts the attempt by these rules, and under these kinds for its sender."""
        traces = {rule.trace(self.subjects[rule]) for rule in rules if rule in self.subjects}
        traces |= {Trace(kind, self.sender) for kind in kinds}
        await self.tx.guards.note(sorted(traces), at=self.now)

    async def forgive(self) -> None:
        """Wipes out what stands against the sender, if it is the first time today."""
        if SENDER in self.failures and FORGIVEN in self.subjects and FORGIVEN not in self.failures:
            await self.tx.guards.clear([SENDER.trace(self.sender)])
            await self.note([FORGIVEN])


async def guard(tx: Transaction, sender: str, subjects: Mapping[Rule, str], *, now: datetime) -> Guard:
    """Reads what counts against an attempt, by each rule that has a subject, in one statement."""
    known = {rule: subject for rule, subject in subjects.items() if subject}
    asked = {rule: (rule.trace(subject), now - rule.within) for rule, subject in known.items()}
    counted = await tx.guards.failures(list(asked.values()))
    failures = {rule: counted[each] for rule, each in asked.items() if each in counted}
    return Guard(tx, sender, known, failures, now)
