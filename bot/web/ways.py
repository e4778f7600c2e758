"""What stands around the form: how to prove a right to more, where else to ask, how to know that it is us."""

from dataclasses import dataclass

from bot.config import Factor, LinkSettings, LookupSettings, Strangers
from bot.links import links_of
from bot.web.pages import Words


@dataclass(frozen=True, slots=True)
class FactorField:
    """The words of the field for a second factor."""

    why: str
    label: str
    kinds: tuple[str, ...]
    """What may be named, each in a few words."""


def factor_field(words: Words, lookup: LookupSettings) -> FactorField | None:
    """None where nothing that a stranger names helps."""
    ask = words["factor"]
    kinds = tuple(ask[kind.value] for kind in Factor if kind in lookup.factors)
    if not kinds:
        return None
    tails = [kind for kind in lookup.factors if kind is not Factor.LOOKUP_CODE]
    label = ask["tail"] if len(tails) == len(lookup.factors) else ask["either"] if tails else ask["secret"]
    return FactorField(ask["needed"] if lookup.strangers is Strangers.NOTHING else ask["more"], label, kinds)


@dataclass(frozen=True, slots=True)
class Way:
    """Another channel."""

    channel: str
    url: str
    number: str = ""
    """What is written to, where that is not only a link."""


def ways_to_ask(code: str, links: LinkSettings, short_code: str) -> list[Way]:
    """The other channels that are configured, with the dossier's code filled in where there is one and they take it."""
    places = links.model_copy(update={"web": "", "sms": links.sms or short_code})
    # A bot without a code to start with is just opened.
    return [
        Way(link.channel, link.url.removesuffix("?start="), places.sms if link.channel == "sms" else "")
        for link in links_of(code, places)
    ]
