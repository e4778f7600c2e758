"""What citizens wrote, and what the bot remembers of each conversation."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.model.service import Said, Unsent
from bot.ports import ConversationState
from storage.edge import clean_values, millis, moment, to_json
from storage.statements import Row, Statements

_WAITING = ("queued", "held")


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
            text=message.text,
        )
        return added == 1

    async def load(self, address: Address) -> ConversationState:
        row = await self._sql.row("conversation_load", address=address.key)
        if row is None and self._writes:
            # A newcomer has no row to lock yet; whoever adds it first holds it.
            new = ConversationState()
            if await self._sql.change("conversation_begin", address=address.key, language=new.language):
                return new
            row = await self._sql.row("conversation_load", address=address.key)
        return _state_of(row) if row else ConversationState()

    async def save(self, address: Address, state: ConversationState, *, at: datetime) -> None:
        await self._sql.change(
            "conversation_save",
            address=address.key,
            language=state.language,
            dialogue=state.dialogue,
            slots=to_json(state.slots) if state.slots else "",
            options=_list_text(state.options) if state.options else "",
            about=state.about,
            proved=state.proved,
            expires_at=millis(state.expires_at),
            at=to_millis(at),
        )

    async def finish(self, message: InboundMessage, *, outcome: str) -> None:
        await self._sql.change(
            "inbound_finish", channel=message.channel, message_id=message.message_id, outcome=outcome
        )

    async def heard(self, address: Address, *, since: datetime) -> int:
        return int(await self._sql.value("heard", address=address.key, since=to_millis(since)))

    async def outcomes(self) -> dict[tuple[str, str], int]:
        rows = await self._sql.rows("outcomes")
        return {(row["channel"], row["outcome"]): row["messages"] for row in rows}

    async def thread(self, address: Address, *, limit: int) -> list[Said]:
        rows = await self._sql.rows("thread", address=address.key, most=limit)
        return [Said(from_millis(row["at"]), bool(row["by_us"]), row["text"]) for row in reversed(rows)]

    async def unsent(self, address: Address, *, since: datetime, limit: int) -> list[Unsent]:
        rows = await self._sql.rows("thread_unsent", address=address.key, since=to_millis(since), most=limit)
        return [Unsent(from_millis(row["created_at"]), row["state"] in _WAITING, row["text"]) for row in reversed(rows)]

    async def forget_texts(self, *, before: datetime) -> int:
        # What a dialogue had learnt was written by citizens as well.
        await self._sql.change("forget_slots", before=to_millis(before))
        return await self._sql.change("forget_texts", before=to_millis(before))


def _state_of(row: Row) -> ConversationState:
    return ConversationState(
        language=row["language"],
        dialogue=row["dialogue"],
        slots=json.loads(row["slots"]) if row["slots"] else {},
        options=tuple(json.loads(row["options"])) if row["options"] else (),
        about=row["about"],
        proved=row["proved"],
        expires_at=moment(row["expires_at"]),
    )


def _list_text(texts: Sequence[str]) -> str:
    return json.dumps(clean_values(texts), ensure_ascii=False)
