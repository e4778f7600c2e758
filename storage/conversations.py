"""What citizens wrote, and what the bot remembers of each conversation."""

from datetime import datetime

from bot.model.clock import to_millis
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.ports import ConversationState
from storage.edge import millis, moment
from storage.statements import Statements

_LOOKUP = "lookup"
"""The outcome of a message that asked for a dossier; only such a message can be a miss."""


class Conversations:
    """`bot.ports.ConversationStore` in SQL."""

    def __init__(self, sql: Statements, *, writes: bool) -> None:
        self._sql = sql
        self._writes = writes

    async def first_time(self, message: InboundMessage) -> bool:
        added = await self._sql.change(
            "inbound_first",
            channel=message.channel,
            message_id=message.message_id,
            address=message.sender.key,
            at=to_millis(message.at),
        )
        return added == 1

    async def load(self, address: Address) -> ConversationState:
        row = await self._sql.row("conversation_load", address=address.key)
        if row is None and self._writes:
            # A newcomer has no row to lock yet; whoever adds it first holds it.
            await self._sql.change("conversation_begin", address=address.key, language=ConversationState().language)
            row = await self._sql.row("conversation_load", address=address.key)
        if row is None:
            return ConversationState()
        return ConversationState(row["pending"], row["language"], moment(row["expires_at"]))

    async def save(self, address: Address, state: ConversationState, *, at: datetime) -> None:
        await self._sql.change(
            "conversation_save",
            address=address.key,
            pending=state.pending,
            language=state.language,
            expires_at=millis(state.expires_at),
            at=to_millis(at),
        )

    async def finish(self, message: InboundMessage, *, outcome: str, found: bool) -> None:
        missed = outcome == _LOOKUP and not found
        await self._sql.change(
            "inbound_finish",
            channel=message.channel,
            message_id=message.message_id,
            outcome=outcome,
            missed_at=to_millis(message.at) if missed else None,
        )

    async def heard(self, address: Address, *, since: datetime) -> int:
        return int(await self._sql.value("heard", address=address.key, since=to_millis(since)))

    async def misses(self, address: Address, *, since: datetime) -> int:
        return int(await self._sql.value("misses", address=address.key, since=to_millis(since)))

    async def outcomes(self) -> dict[tuple[str, str], int]:
        rows = await self._sql.rows("outcomes")
        return {(row["channel"], row["outcome"]): row["messages"] for row in rows}
