"""From a list that software sends to a draft, once for each Idempotency-Key, whatever breaks in between.

Drafting takes several transactions. The first one keeps the draft's id beside the token; a repeat goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar

from aiohttp import web

from bot.api_sending import Token
from bot.auditing import Audited, if_done
from bot.model.api import Remembered
from bot.model.broadcast import Broadcast, BroadcastState, Recipient, Refusal
from bot.model.list_digest import digest_of_list
from bot.model.wording import Wording
from bot.ports import Storage, Transaction
from bot.recipients import wanted_by
from bot.web.api import shapes
from bot.web.api.call import Call, reply
from bot.web.api.notifications import replay
from bot.web.api.problems import Fault, ProblemError

T = TypeVar("T")

HELD = timedelta(minutes=2)
"""How long a repeat waits for a first request of which nothing more is heard. Longer work is safe too: of two that draw
up one draft, the one that began last counts."""
_WAIT = 2.0


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked for."""

    call: Call
    said: shapes.NewBroadcast
    agency: str
    rows: Sequence[Recipient] = field(repr=False)

    @property
    def wording(self) -> Wording:
        return Wording(chat=self.said.chat.strip(), sms=self.said.sms.strip())

    @property
    def digest(self) -> str:
        """As the same list has it that comes in a file."""
        return digest_of_list(self.rows, wanted_by(self.wording).names)


@dataclass(frozen=True, slots=True)
class Hold:
    """A token that is ours until a moment, or until somebody else takes it after that."""

    key_id: str
    word: str
    until: datetime

    async def keep(self, tx: Transaction, broadcast: Broadcast) -> None:
        if not await tx.api.keep_subject(self.key_id, self.word, broadcast.id, held_until=self.until):
            raise ProblemError("being_done", wait=_WAIT)

    async def forget(self, tx: Transaction, result: object) -> None:
        await tx.api.forget(self.key_id, self.word, held_until=self.until)

    async def let_go(self, storage: Storage) -> None:
        """As far as that is possible: else it ends by itself."""
        with suppress(Exception):
            await storage.write(lambda tx: tx.api.let_go(self.key_id, self.word, held_until=self.until))


class Beside(Audited):
    """A `bot.ports.Storage` in which something is written together with whatever a flow writes."""

    def __init__(self, storage: Storage, also: Callable[[Transaction, Any], Awaitable[None]]) -> None:
        super().__init__(storage, lambda result: None)
        self._also = also

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async def both(tx: Transaction) -> T:
            result = await work(tx)
            await self._also(tx, result)
            return result

        return await super().write(both)


async def once(draft: Draft, token: Token, answer: Callable[[Broadcast], Awaitable[str]]) -> web.Response:
    """The first answer again, or the work from where it was left."""
    call = draft.call
    hold = Hold(call.key.id, token.word, call.now + HELD)
    begun = await call.storage.write(lambda tx: _taken(tx, call, token, hold))
    if isinstance(begun, Remembered):
        return replay(call, begun)
    try:
        said = await answer(await drafted(draft, hold, begun))
        await call.storage.write(lambda tx: tx.api.answered(hold.key_id, hold.word, status=201, answer=said))
    except (Exception, asyncio.CancelledError):
        await asyncio.shield(hold.let_go(call.storage))
        raise
    return reply(said, status=201)


async def _taken(tx: Transaction, call: Call, token: Token, hold: Hold) -> Remembered | str:
    """What has come of it so far, now that it is ours to go on with; or how it stands."""
    digest = token.digest(call.key)
    kept = await tx.api.remember(hold.key_id, hold.word, digest, at=call.now, held_until=hold.until)
    if kept is None:
        return ""
    is_same = kept.digest == digest
    is_ours = is_same and await tx.api.take_over(hold.key_id, hold.word, at=call.now, held_until=hold.until)
    return kept.subject if is_ours else kept


async def drafted(draft: Draft, hold: Hold | None = None, begun: str = "") -> Broadcast:
    """A draft with its list. `begun` is one that an earlier try has left behind."""
    call, by, flow = draft.call, draft.call.key.by, draft.call.app.broadcasts
    made = await flow.get(begun) if begun else None
    if made is None:
        storage = Beside(call.storage, hold.keep) if hold else call.storage
        made = await replace(flow, storage=storage).begin(title=draft.said.title, agency=draft.agency, by=by)
    elif not _is_half_made(made, by):
        return made
    taken = await _filled(draft, made)
    if isinstance(taken, Refusal):
        await _refuse(draft, made, hold, taken)
    return taken


def _is_half_made(broadcast: Broadcast, by: str) -> bool:
    """Nobody else has had it in hand, and it has no list yet."""
    is_fresh = broadcast.state is BroadcastState.DRAFT and broadcast.audience is None and not broadcast.list_digest
    return is_fresh and broadcast.changed_by in ("", by)


async def _filled(draft: Draft, made: Broadcast) -> Broadcast | Refusal:
    call, by, flow = draft.call, draft.call.key.by, draft.call.app.broadcasts
    changed = await flow.change(
        made.id, revision=made.revision, by=by, wording=draft.wording, language=draft.said.language
    )
    if isinstance(changed, Refusal):
        return changed
    entry = call.entry("broadcast.drafted", made.id, agency=draft.agency, after={"people": len(draft.rows)})
    recorded = replace(flow, storage=Audited(call.storage, if_done(entry)))
    return await recorded.take_list(made.id, draft.rows, name=by, digest=draft.digest, by=by)


async def _refuse(draft: Draft, made: Broadcast, hold: Hold | None, refusal: Refusal) -> NoReturn:
    """What came to nothing leaves no draft, and its token may be used again."""
    call = draft.call
    if hold and refusal.word == "changed":
        # A repeat has taken it over, or staff have.
        raise ProblemError("being_done", wait=_WAIT)
    storage = Beside(call.storage, hold.forget) if hold else call.storage
    await replace(call.app.broadcasts, storage=storage).cancel(made.id, by=call.key.by, why=refusal.word)
    if refusal.word == "same_list":
        raise ProblemError("unprocessable", Fault("/recipients", "same_list"))
    raise ProblemError("unprocessable", Fault("", "broadcast", {"word": refusal.word}))
