"""How somebody wants to be told of her dossiers: where first, and whether of everything or only of what matters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.conversation.intents import Intent
from bot.conversation.showing import can_bind
from bot.conversation.turn import Feature, Turn
from bot.model.message import Option
from bot.model.person import Preference

_SCHEMES: Mapping[str, Sequence[str]] = {"zalo": ("zalo", "zalobot"), "telegram": ("telegram",), "sms": ("sms",)}
"""What citizens name → the kinds of addresses that it may be."""
_NAMES = {"zalo": "Zalo", "zalobot": "Zalo", "telegram": "Telegram", "sms": "SMS"}
_IMPORTANT = "important"
"""What the intent `topics` brings for one of its two choices."""


async def _channel(turn: Turn, intent: Intent) -> None:
    """By this way first; without the name of one, what holds now."""
    if not turn.asker.phone:
        _say_unbound(turn)
        return
    open_schemes = await _open_schemes(turn)
    current = await _current(turn)
    if intent.rest not in _SCHEMES:
        _show(turn, current, open_schemes)
        return
    scheme = _chosen(turn, intent.rest, open_schemes)
    if scheme:
        await _prefer(turn, replace(current, scheme=scheme), open_schemes)
    elif intent.rest == "sms":
        turn.say("channel_no_sms")
    else:
        account = turn.manner.links.telegram if intent.rest == "telegram" else ""
        turn.say("channel_unbound", way=_NAMES[intent.rest], account=account)


async def _topics(turn: Turn, intent: Intent) -> None:
    if not turn.asker.phone:
        _say_unbound(turn)
        return
    chosen = replace(await _current(turn), important_only=intent.rest == _IMPORTANT)
    await _prefer(turn, chosen, await _open_schemes(turn))


def _say_unbound(turn: Turn) -> None:
    turn.say("preferences_unbound", [turn.option("bind", "liên kết")] if can_bind(turn) else [])


async def _current(turn: Turn) -> Preference:
    return await turn.tx.people.preference(turn.asker.phone) or Preference(turn.asker.phone)


async def _open_schemes(turn: Turn) -> list[str]:
    """The kinds of addresses that this phone has, in the order in which they are named."""
    bound = {each.scheme for each in await turn.tx.privacy.addresses_of(turn.asker.phone)}
    if turn.manner.sms is None:
        bound.discard("sms")
    return [scheme for schemes in _SCHEMES.values() for scheme in schemes if scheme in bound]


def _chosen(turn: Turn, way: str, open_schemes: Sequence[str]) -> str:
    """The scheme that is meant, the chat's own before another of the same name; empty where there is none."""
    meant = [scheme for scheme in open_schemes if scheme in _SCHEMES[way]]
    here = turn.asker.address.scheme
    return here if here in meant else next(iter(meant), "")


async def _prefer(turn: Turn, preference: Preference, open_schemes: Sequence[str]) -> None:
    await turn.tx.people.prefer(preference, at=turn.now)
    _show(turn, preference, open_schemes, changed="1")


def _show(turn: Turn, preference: Preference, open_schemes: Sequence[str], *, changed: str = "") -> None:
    """What holds, and the other choices. What was preferred and is gone since then is not spoken of as if it held."""
    scheme = preference.scheme if preference.scheme in open_schemes else ""
    # Flags for the template, which knows only texts.
    important = "1" if preference.important_only else ""
    turn.say(
        "preferences",
        [*_other_ways(turn, scheme, open_schemes), _other_topics(turn, preference)],
        way=_NAMES.get(scheme, ""),
        important=important,
        changed=changed,
    )


def _other_ways(turn: Turn, scheme: str, open_schemes: Sequence[str]) -> list[Option]:
    """Of a single way nothing can be chosen."""
    named = dict.fromkeys(_NAMES[each] for each in open_schemes)
    if len(named) < 2:
        return []
    return [
        turn.option(f"way_{name.lower()}", f"nhận tin qua {name.lower()}")
        for name in named
        if name != _NAMES.get(scheme)
    ]


def _other_topics(turn: Turn, preference: Preference) -> Option:
    if preference.important_only:
        return turn.option("all_news", "nhận đủ tin")
    return turn.option("important_only", "chỉ tin quan trọng")


FEATURE = Feature(intents={"channel": _channel, "topics": _topics})
