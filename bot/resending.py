"""A message that did not arrive is sent once more: by a person, as a new message, while it is still true."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model.clock import Clock
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.planning import Planner, lifetime_of, untruth_of
from bot.ports import Standing, Storage, Transaction
from bot.ports.console import MessageStory

_ENDED_BADLY = frozenset({DeliveryState.FAILED, DeliveryState.EXPIRED})
_SECRET = frozenset({Situation.CODE, Situation.TEST, Situation.REPLY})
"""What is worth something only in the moment for which it was written."""


class Obstacle(StrEnum):
    """Why a message is not sent again."""

    MISSING = "missing"
    STATE = "state"
    """It arrived, is on its way, or was not sent on purpose."""
    MOMENT = "moment"
    """An answer, a code or a trial: its moment is over."""
    ERASED = "erased"
    UNWANTED = "unwanted"
    """The recipient asked not to be written to."""
    UNTRUE = "untrue"
    """The dossier has moved on."""
    NEWER = "newer"
    """Something newer was told about the same dossier."""
    REPEATED = "repeated"
    """It repeats another one itself: that one is sent again."""
    ON_ITS_WAY = "on_its_way"
    """It was sent again already, and that has not failed."""
    UNSURE = "unsure"
    """It may have arrived: somebody must say that it may come twice."""


@dataclass(frozen=True, slots=True)
class Resent:
    item: OutboxItem
    is_new: bool
    """False: the same button was pressed before."""


@dataclass(frozen=True, slots=True)
class Resending:
    """Sends again. What it writes goes through `storage`."""

    storage: Storage
    planner: Planner
    clock: Clock

    async def resend(self, item_id: str, *, number: int, may_come_twice: bool = False) -> Resent | Obstacle:
        """For the `number`-th time (1, 2 …, see `next_number`): pressed twice, it is sent once. Only a message that may
        have arrived needs `may_come_twice`."""

        async def work(tx: Transaction) -> Resent | Obstacle:
            story = await tx.console.message(item_id)
            if story is None:
                return Obstacle.MISSING
            if done := _before(story.resends, item_id, number):
                return Resent(done, is_new=False)
            obstacle = obstacle_of(story, await standing_of(tx, story.item))
            if obstacle and not (obstacle is Obstacle.UNSURE and may_come_twice):
                return obstacle
            if number != next_number(story):
                return Obstacle.ON_ITS_WAY
            again = await self._again(tx, story.item, number)
            if await tx.outbox.enqueue([again]):
                return Resent(again, is_new=True)
            # Somebody else pressed at the same moment, and was first.
            story = await tx.console.message(item_id)
            done = _before(story.resends, item_id, number) if story else None
            return Resent(done, is_new=False) if done else Obstacle.ON_ITS_WAY

        return await self.storage.write(work)

    async def _again(self, tx: Transaction, item: OutboxItem, number: int) -> OutboxItem:
        """The same words to the same address, with a life of their own."""
        now = self.clock()
        origin = f"resend:{item.id}:{number}"
        again = OutboxItem(
            id=self.planner.new_id(),
            dedupe_key=f"{origin}|{item.address.key}",
            origin=origin,
            channel=item.gateway or item.channel,
            address=item.address,
            lane=Lane.PUSH,
            situation=item.situation,
            text=item.text,
            source=item.source,
            code=item.code,
            parts=item.parts,
            created_at=now,
            next_at=now,
            expires_at=now + lifetime_of(item.situation),
            status=item.status,
            appointment_at=item.appointment_at,
            agency=item.agency,
            sender=item.sender,
            options=item.options,
            values=item.values,
            files=item.files,
            forms=item.forms,
        )
        if item.address.scheme != "sms":
            return again
        carriers = await tx.routing.carriers({item.address.key})
        route, queue = self.planner.place(item.agency, item.address, carriers.get(item.address.key, ""))
        return replace(again, route=route, channel=queue)


def next_number(story: MessageStory) -> int:
    """How many times it will have been sent again, with the next."""
    return len(story.resends) + 1


def obstacle_of(story: MessageStory, standing: Standing | None) -> Obstacle | None:
    """What stands in the way; `UNSURE` is for a person to overrule. `standing`: how its dossier stands now."""
    item = story.item
    if item.state not in _ENDED_BADLY and item.state is not DeliveryState.UNCERTAIN:
        return Obstacle.STATE
    if item.lane is Lane.REPLY or item.situation in _SECRET:
        return Obstacle.MOMENT
    if original_of(item):
        return Obstacle.REPEATED
    if not item.text or item.address.is_forgotten or not item.address.value:
        return Obstacle.ERASED
    if story.is_unwanted:
        return Obstacle.UNWANTED
    if any(each.state not in _ENDED_BADLY for each in story.resends):
        return Obstacle.ON_ITS_WAY
    if untruth_of(item, standing):
        return Obstacle.UNTRUE
    if story.newer:
        return Obstacle.NEWER
    return Obstacle.UNSURE if item.state is DeliveryState.UNCERTAIN else None


async def standing_of(tx: Transaction, item: OutboxItem) -> Standing | None:
    """How the dossier of a message stands; None where it speaks of none."""
    if not item.code:
        return None
    dossier = (await tx.dossiers.get_many(item.source, [item.code])).get(item.code)
    return Standing(dossier.status, dossier.appointment) if dossier else None


def original_of(item: OutboxItem) -> str:
    """Id of the message that this one repeats; empty for one that repeats none."""
    kind, _, rest = item.origin.partition(":")
    return rest.rpartition(":")[0] if kind == "resend" else ""


def _before(resends: Sequence[OutboxItem], item_id: str, number: int) -> OutboxItem | None:
    return next((each for each in resends if each.origin == f"resend:{item_id}:{number}"), None)
