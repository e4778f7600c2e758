"""Pure: whether a claimed message may leave by this gateway, and what it will cost there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.carrier import hinted
from bot.model.message import Accepted, DeliveryState, Lane, OutboxItem, Outcome, Uncertain
from bot.model.phone import parse_phone
from bot.model.registered import RegisteredTexts
from bot.planning import untruth_of
from bot.ports import BUDGET, QUIET, STOPPED, Claimed, Settlement
from bot.purse import NOT_HERE, Budgets, Purse, price_of
from bot.quiet import QuietHours
from bot.settings import SmsSettings

_ASK_AGAIN = timedelta(seconds=0.5)
"""After which a message comes again for which there was no money here."""
_FREE_TEXT = timedelta(hours=48)
"""For so long after a user's last word Zalo takes no money for an answer."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a message does not leave, and the state in which it is kept."""

    state: DeliveryState
    reason: str
    held_for: str = ""
    this_way_only: bool = False
    """Another way to the same person may be open."""
    until: datetime | None = None
    """When it is over by itself."""


_STOPPED = Obstacle(DeliveryState.HELD, "the broadcast is paused", STOPPED)
_CALLED_OFF = Obstacle(DeliveryState.CANCELLED, "the broadcast was cancelled")


@dataclass(frozen=True, slots=True)
class Cap:
    """What one dossier's messages may cost; only what is urgent goes beyond it."""

    most: int
    """Đồng."""
    budgets: Budgets

    def forbids(self, claimed: Claimed, cost: int | None) -> bool:
        """`cost` None: it costs something, and the channel alone knows what."""
        item = claimed.item
        if not item.code or self.budgets.is_urgent(item):
            return False
        return claimed.dossier_cost >= self.most if cost is None else claimed.dossier_cost + cost > self.most


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules of one channel. `rules` is None for channels that carry no SMS."""

    channel: str
    rules: SmsSettings | None = None
    purse: Purse | None = None
    registered: RegisteredTexts | None = None
    cap: Cap | None = None
    quiet: QuietHours | None = None

    @classmethod
    def by(
        cls,
        channel: str,
        rules: SmsSettings | None,
        purse: Purse | None,
        cap: Cap | None = None,
        quiet: QuietHours | None = None,
    ) -> "Admission":
        return cls(channel, rules, purse, rules.registered_at(channel) if rules else None, cap, quiet)

    def obstacle(self, claimed: Claimed) -> Obstacle | None:
        """What stands in the way, last of all the money: where there is nothing, its cost is set aside."""
        item = claimed.item
        if claimed.stopped and not claimed.repeats:
            return _CALLED_OFF if claimed.called_off else _STOPPED
        if untruth := untruth_of(item, claimed.standing):
            return Obstacle(DeliveryState.SUPPRESSED, untruth)
        if claimed.is_unwanted and item.lane is not Lane.REPLY:
            return Obstacle(DeliveryState.SUPPRESSED, "on the do-not-send list", this_way_only=True)
        if self.rules and (refusal := self._refusal(item, self.rules)):
            return Obstacle(DeliveryState.SUPPRESSED, refusal, this_way_only=True)
        if self.quiet and not claimed.repeats and (until := self.quiet.verdict(item, _moment_of(item)).until):
            return Obstacle(DeliveryState.HELD, f"quiet hours until {until:%H:%M}", QUIET, until=until)
        cost = self.cost(claimed)
        if self.cap and self._is_paid(claimed) and self.cap.forbids(claimed, cost):
            return Obstacle(DeliveryState.SUPPRESSED, "the dossier's spending cap", this_way_only=True)
        if self.purse and cost and (empty := self.purse.promise(item, cost)):
            if empty == NOT_HERE:
                return Obstacle(DeliveryState.QUEUED, empty, until=_moment_of(item) + _ASK_AGAIN)
            return Obstacle(DeliveryState.HELD, empty, BUDGET)
        return None

    def bypass(self, item: OutboxItem) -> str:
        """The rule, or the reason somebody gave, by which it leaves although the hours are quiet; else empty."""
        return self.quiet.verdict(item, _moment_of(item)).bypass if self.quiet else ""

    def cost(self, claimed: Claimed, carrier: str = "") -> int | None:
        """Đồng; None where no price is known. The carrier is the one just named, else the remembered one, else the
        prefix's."""
        if self.rules is None or not self.rules.prices:
            return None
        known = carrier or claimed.carrier or hinted(claimed.item.address.value)
        price = price_of(self.rules.prices, known)
        return None if price is None else price * claimed.item.parts

    def _is_paid(self, claimed: Claimed) -> bool:
        """Whether this way costs anything, as far as can be known beforehand."""
        item = claimed.item
        match item.address.scheme:
            case "sms":
                return bool(self.cost(claimed))
            case "zalophone":
                return True
            case "zalo":
                # Claimed just now: its `settled_at` is this moment.
                return item.heard_at is None or (item.settled_at or item.next_at) - item.heard_at >= _FREE_TEXT
            case _:
                return False

    def charge(self, claimed: Claimed, outcome: Outcome, carrier: str) -> int | None:
        """What a message costs after this outcome: as the channel says, else by the price list; None: nothing."""
        if isinstance(outcome, Accepted) and outcome.cost is not None:
            return outcome.cost
        return self.cost(claimed, carrier) if isinstance(outcome, Accepted | Uncertain) else None

    def _refusal(self, item: OutboxItem, rules: SmsSettings) -> str:
        return _number_refusal(item.address.value, rules) or self._text_refusal(item, rules)

    def _text_refusal(self, item: OutboxItem, rules: SmsSettings) -> str:
        if item.situation in rules.free_text:
            return ""
        registered = self.registered.of(item) if self.registered else None
        if registered is None:
            return f"no registered template for {item.situation} at {self.channel}" if rules.templates_required else ""
        fits = registered.pattern.values(item.text) is not None
        return "" if fits else f"the text does not fit the registered template for {item.situation} at {self.channel}"


def kept(item: OutboxItem, obstacle: Obstacle, owner: str, *, now: datetime) -> Settlement:
    """What becomes of a message that does not leave now, or not this way."""
    moves_on = obstacle.this_way_only and bool(item.alternatives)
    state = DeliveryState.QUEUED if moves_on else obstacle.state
    return Settlement(
        item_id=item.id,
        owner=owner,
        state=state,
        at=now,
        reason=obstacle.reason,
        next_at=(obstacle.until or now) if state is DeliveryState.QUEUED else obstacle.until,
        attempted=False,
        held_for=obstacle.held_for,
        moves_on=moves_on,
        way=item.way,
    )


def _moment_of(item: OutboxItem) -> datetime:
    """Claimed just now: its `settled_at` is this moment."""
    return item.settled_at or item.next_at


def _number_refusal(number: str, rules: SmsSettings) -> str:
    phone = parse_phone(number)
    if phone is None:
        return "the address is not a phone number"
    if phone.kind == "landline":
        return "a landline number cannot receive our SMS"
    if phone.kind == "foreign" and not rules.foreign:
        return "numbers outside Vietnam are not sent to"
    if phone.e164.startswith(tuple(rules.blocked_prefixes)):
        return "this prefix is not sent to"
    return ""
