"""What becomes of a message by the last four digits of its phone or user id, whichever way it is sent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.fates import Fate, fate_of
from adapters.simulators.zalo.errors import WORDS, Garbage, Hangup, Refusal, Stumble
from adapters.simulators.zalo.world import Sent, World, millis

_THROTTLES = 2
_NEVER_RECEIVED = (Fate.UNDELIVERABLE, Fate.SILENT, Fate.EXPIRES)
_ERRORS = {f"{-code:04}": code for code in WORDS if -1000 < code <= -100}
_STALE = "0216"
"""The access token that such a message comes with is over from then on."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A message that Zalo was asked to send, found correct."""

    recipient: str
    """As the customer named it: user id, `84…`, or the phone's hash; so it is named in the receipt."""
    ending: str
    """The last four digits of user and phone."""
    text: str
    """The same text to the same recipient is the same message."""
    access_token: str
    refusal: int
    """The error of those who cannot be reached at all."""
    tracking_id: str = ""
    by_phone: bool = False


async def taken(world: World, errand: Errand, record: Callable[[], Awaitable[Sent]]) -> Sent:
    """The message, once `record` has put it where the citizen sees it. Raises `Refusal` and the other ends."""
    fate = fate_of(errand.ending)
    await _before(world, errand, fate)
    message = await record()
    if fate is Fate.HASTY:
        await _received(world, errand, message)
    elif fate not in _NEVER_RECEIVED:
        delay = world.settings.slow_delay if fate is Fate.SLOW else world.settings.delay
        world.start(_received_later(world, errand, message, delay))
    if fate is Fate.DROPPED and _times(world, errand) == 1:
        raise Hangup
    return message


async def _before(world: World, errand: Errand, fate: Fate) -> None:
    if fate is Fate.REFUSED:
        raise Refusal(errand.refusal)
    if fate is Fate.THROTTLED and _times(world, errand) <= _THROTTLES:
        raise Refusal(-32)
    if fate is Fate.SWALLOWED:
        await asyncio.Event().wait()
    if errand.ending == "0500":
        raise Stumble
    if errand.ending == "0999":
        raise Garbage
    if errand.ending == _STALE:
        if _times(world, errand) == 1:
            world.tokens.end(errand.access_token)
            raise Refusal(-124 if errand.by_phone else -216)
    elif errand.ending in _ERRORS:
        raise Refusal(_ERRORS[errand.ending])


def _times(world: World, errand: Errand) -> int:
    """How often this text has come, with this time."""
    key = (errand.recipient, errand.text)
    world.met[key] += 1
    return world.met[key]


async def _received_later(world: World, errand: Errand, message: Sent, delay: float) -> None:
    await asyncio.sleep(delay)
    await _received(world, errand, message)


async def _received(world: World, errand: Errand, message: Sent) -> None:
    message.received_at = time.time()
    event = world.events.received(
        errand.recipient, message.id, at=millis(message.received_at), tracking_id=errand.tracking_id
    )
    headers = {"X-ZEvent-Server": "ZNS"} if errand.by_phone else {}
    for _ in range(2 if world.faults.twice else 1):
        await world.events.tell(event, headers=headers)
