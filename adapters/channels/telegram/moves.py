"""Chats that got another address: a group that became a supergroup."""

import asyncio
import logging
from collections import OrderedDict

from adapters.channels.telegram.rhythm import Patience, Rhythm
from adapters.channels.telegram.updates import Ear
from bot.model.message import Heard, InboundMessage
from bot.model.person import Address
from bot.ports import Deliver

_log = logging.getLogger(__name__)
_REMEMBERED = 10_000


class Moves:
    """Noted by who sends, told by who listens."""

    def __init__(self) -> None:
        self._moved: OrderedDict[int, int] = OrderedDict()
        self._untold: asyncio.Queue[tuple[int, int]] = asyncio.Queue(_REMEMBERED)

    def present(self, chat: int) -> int:
        """The address under which this chat is known now."""
        return self._moved.get(chat, chat)

    def note(self, old: int, new: int) -> None:
        """Telegram says that `old` is `new` from now on."""
        if self._moved.get(old) == new:
            return
        self._moved[old] = new
        if len(self._moved) > _REMEMBERED:
            self._moved.popitem(last=False)
        if not self._untold.full():
            self._untold.put_nowait((old, new))

    async def tell(self, deliver: Deliver, ear: Ear, rhythm: Rhythm) -> None:
        """Delivers each move as a message from the old address; until cancelled."""
        patience = Patience(ear.channel, rhythm, _log)
        while True:
            old, new = await self._untold.get()
            message = InboundMessage(
                channel=ear.channel,
                message_id=f"moved:{old}:{new}",
                sender=Address("telegram", str(old)),
                text=str(new),
                at=ear.now(),
                kind=Heard.MOVED,
            )
            while not await _stored(deliver, message, patience):
                pass


class MovesTeller:
    """A `Listener` for where messages are sent: it tells of the moves that Telegram's answers told."""

    def __init__(self, moves: Moves, ear: Ear, rhythm: Rhythm) -> None:
        self._moves = moves
        self._ear = ear
        self._rhythm = rhythm

    async def listen(self, deliver: Deliver) -> None:
        await self._moves.tell(deliver, self._ear, self._rhythm)


async def _stored(deliver: Deliver, message: InboundMessage, patience: Patience) -> bool:
    try:
        await deliver([message])
    except Exception as error:  # its text may quote what was to be stored; its kind is enough
        await patience.rest(patience.growing(f"a chat's new address is not stored ({type(error).__name__})"))
        return False
    patience.recovered()
    return True
