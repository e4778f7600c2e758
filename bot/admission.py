"""Pure: whether a claimed message may leave by this gateway, and what it will cost there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.carrier import hinted
from bot.model.message import Accepted, DeliveryState, Lane, OutboxItem, Outcome, Situation, Uncertain
from bot.model.phone import parse_phone
from bot.model.registered import Pattern
from bot.planning import untruth_of
from bot.ports import BUDGET, Claimed
from bot.purse import Purse, price_of
from bot.settings import SmsSettings


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a message does not leave, and the state in which it is kept."""

    state: DeliveryState
    reason: str
    held_for: str = ""
    this_way_only: bool = False
    """Another way to the same person may be open."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules of one channel. `rules` is None for channels that carry no SMS."""

    channel: str
    rules: SmsSettings | None = None
    purse: Purse | None = None
    patterns: Mapping[Situation, Pattern] = field(default_factory=dict)

    @classmethod
    def by(cls, channel: str, rules: SmsSettings | None, purse: Purse | None) -> "Admission":
        patterns = {name: Pattern(each.pattern) for name, each in rules.templates.items()} if rules else {}
        return cls(channel, rules, purse, patterns)

    def obstacle(self, claimed: Claimed) -> Obstacle | None:
        """What stands in the way, last of all the money: where there is nothing, its cost is set aside."""
        item = claimed.item
        if untruth := untruth_of(item, claimed.standing):
            return Obstacle(DeliveryState.SUPPRESSED, untruth)
        if claimed.is_unwanted and item.lane is not Lane.REPLY:
            return Obstacle(DeliveryState.SUPPRESSED, "on the do-not-send list", this_way_only=True)
        if self.rules and (refusal := self._refusal(item, self.rules)):
            return Obstacle(DeliveryState.SUPPRESSED, refusal, this_way_only=True)
        cost = self.cost(claimed)
        if self.purse and cost and (empty := self.purse.promise(item, cost)):
            return Obstacle(DeliveryState.HELD, empty, BUDGET)
        return None

    def cost(self, claimed: Claimed, carrier: str = "") -> int | None:
        """Đồng; None where no price is known. The carrier is the one just named, else the remembered one, else the
        prefix's."""
        if self.rules is None or not self.rules.prices:
            return None
        known = carrier or claimed.carrier or hinted(claimed.item.address.value)
        price = price_of(self.rules.prices, known)
        return None if price is None else price * claimed.item.parts

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
        pattern = self.patterns.get(item.situation)
        if pattern is None:
            return f"no registered template for {item.situation} at {self.channel}" if rules.templates_required else ""
        fits = pattern.values(item.text) is not None
        return "" if fits else f"the text does not fit the registered template for {item.situation} at {self.channel}"


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
