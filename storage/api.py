"""Keys of the API, what they planned, and the callbacks about it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.model.api import ApiKey, ApiMessage, ApiRight, Callback, KeyKind, Planned, Remembered, Watched
from bot.model.clock import from_millis, to_millis
from bot.model.ids import first_id_at
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.ports.api import Backlog, Pageful
from storage.edge import key_set, millis, moment, to_json
from storage.message_rows import item_of
from storage.statements import Row, Statements

STRETCH = 5_000
"""Messages that one page looks at."""
_LAST = "~"
"""Behind every id."""


class Api:
    """`bot.ports.api.ApiStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    # Keys

    async def add(self, key: ApiKey) -> bool:
        row = {
            "id": key.id, "kind": str(key.kind), "name": key.name, "agency": key.agency,
            "rights": " ".join(sorted(key.rights)), "digest": key.digest, "made_at": to_millis(key.made_at),
            "made_by": key.made_by, "expires_at": millis(key.expires_at),
        }  # fmt: skip
        return bool(await self._sql.change("api_add", **row))

    async def key(self, key_id: str) -> ApiKey | None:
        row = await self._sql.row("api_key", id=key_id)
        return _key_of(row, await self._guests(key_id) if row["kind"] == KeyKind.TEAM else {}) if row else None

    async def keys(self) -> list[ApiKey]:
        guests = await self._guests("")
        return [_key_of(row, guests) for row in await self._sql.rows("api_keys")]

    async def _guests(self, key_id: str) -> dict[str, list[str]]:
        guests: dict[str, list[str]] = {}
        for row in await self._sql.rows("api_guests", key_id=key_id):
            guests.setdefault(row["key_id"], []).append(row["address"])
        return guests

    async def revoke(self, key_id: str, *, by: str, at: datetime) -> bool:
        await self._sql.change("api_drop_callbacks", key_id=key_id)
        return bool(await self._sql.change("api_revoke", id=key_id, revoked_by=by, at=to_millis(at)))

    async def used(self, key_id: str, *, at: datetime) -> None:
        await self._sql.change("api_used", id=key_id, at=to_millis(at))

    async def call_back(self, key_id: str, *, url: str, secret: str) -> None:
        await self._sql.change("api_call_back", id=key_id, url=url, secret=secret)
        if not url:
            await self._sql.change("api_drop_callbacks", key_id=key_id)

    async def invite(self, key_id: str, guests: Collection[Address]) -> None:
        await self._sql.change("api_uninvite", key_id=key_id)
        rows = [{"key_id": key_id, "address": address} for address in sorted({each.key for each in guests})]
        await self._sql.change_many("api_invite", rows)

    # Answers that are remembered

    async def remember(
        self, key_id: str, token: str, digest: str, *, at: datetime, held_until: datetime | None = None
    ) -> Remembered | None:
        held = _held(held_until)
        if await self._sql.change(
            "api_remember", key_id=key_id, token=token, digest=digest, at=to_millis(at), held_until=held
        ):
            return None
        row = await self._sql.row("api_remembered", key_id=key_id, token=token)
        if row is None:
            # The first one came to nothing while we waited for it.
            return await self.remember(key_id, token, digest, at=at, held_until=held_until)
        return Remembered(row["digest"], row["status"], row["answer"], from_millis(row["at"]), row["subject"])

    async def remember_all(
        self, digests: Mapping[tuple[str, str], str], *, at: datetime
    ) -> dict[tuple[str, str], Remembered]:
        if not digests:
            return {}
        # Sorted, so that two writers of the same tokens meet at the same one and cannot wait for each other.
        wanted = {
            str(number): {"key": key_id, "token": token, "digest": digest}
            for number, ((key_id, token), digest) in enumerate(sorted(digests.items()))
        }
        rows = await self._sql.rows("api_remember_all", wanted=to_json(wanted), at=to_millis(at))
        left = sorted(digests.keys() - {(row["key_id"], row["token"]) for row in rows})
        found = {each: await self.remember(*each, digests[each], at=at) for each in left}
        return {each: kept for each, kept in found.items() if kept}

    async def take_over(self, key_id: str, token: str, *, at: datetime, held_until: datetime) -> bool:
        taken = await self._sql.change(
            "api_take_over", key_id=key_id, token=token, at=to_millis(at), held_until=_held(held_until)
        )
        return bool(taken)

    async def keep_subject(self, key_id: str, token: str, subject: str, *, held_until: datetime) -> bool:
        kept = await self._sql.change(
            "api_keep_subject", key_id=key_id, token=token, subject=subject, held_until=_held(held_until)
        )
        return bool(kept)

    async def let_go(self, key_id: str, token: str, *, held_until: datetime) -> None:
        claim = {"key_id": key_id, "token": token, "held_until": _held(held_until)}
        await self._sql.change("api_drop_token", **claim)
        await self._sql.change("api_let_go", **claim)

    async def answered(self, key_id: str, token: str, *, status: int, answer: str) -> None:
        await self._sql.change("api_answered", key_id=key_id, token=token, status=status, answer=answer)

    async def answered_all(self, answers: Mapping[tuple[str, str], str], *, status: int) -> None:
        rows = [
            {"status": status, "answer": answer, "key_id": key_id, "token": token}
            for (key_id, token), answer in sorted(answers.items())
        ]
        await self._sql.change_many("api_answered_all", rows)

    async def forget(self, key_id: str, token: str, *, held_until: datetime | None = None) -> None:
        await self._sql.change("api_forget", key_id=key_id, token=token, held_until=_held(held_until))

    async def prune(self, *, remembered_before: datetime, ended_before: datetime, limit: int) -> int:
        answers = await self._sql.change("api_prune_answers", before=to_millis(remembered_before), most=limit)
        callbacks = await self._sql.change("api_prune_callbacks", before=to_millis(ended_before), most=limit)
        return answers + callbacks

    # Messages

    async def unwanted(self, addresses: Collection[Address]) -> set[Address]:
        rows = await self._sql.rows("api_unwanted", addresses=key_set(each.key for each in addresses))
        return {Address.of(row["address"]) for row in rows}

    async def note(self, messages: Sequence[ApiMessage]) -> None:
        rows = [
            {
                "item_id": each.item_id, "key_id": each.key_id, "agency": each.agency, "is_trial": int(each.is_trial),
                "reference": each.reference, "told_until": millis(each.told_until),
            }
            for each in messages
        ]  # fmt: skip
        await self._sql.change_many("api_note", rows)

    async def message(self, item_id: str) -> Planned | None:
        row = await self._sql.row("api_message", item_id=item_id)
        return _planned_of(row) if row else None

    async def listed(
        self,
        agency: str,
        *,
        is_trial: bool,
        before: str = "",
        since: datetime | None = None,
        state: DeliveryState | None = None,
        limit: int,
    ) -> Pageful:
        where = {"agency": agency, "is_trial": int(is_trial), "before": before or _LAST}
        looks = STRETCH if state else limit
        first = first_id_at(since) if since else ""
        stretch = await self._sql.row("api_stretch", **where, since=first, most=looks)
        if stretch is None or not stretch["looked_at"]:
            return Pageful((), "")
        rows = await self._sql.rows("api_listed", **where, last=stretch["last"], state=state or "", most=limit)
        found = [_planned_of(row) for row in rows]
        if len(found) == limit:
            return Pageful(found, found[-1].item.id)
        return Pageful(found, stretch["last"] if stretch["looked_at"] == looks else "")

    async def of_key(self, key_id: str, *, limit: int) -> list[Planned]:
        return [_planned_of(row) for row in await self._sql.rows("api_of_key", key_id=key_id, most=limit)]

    # Callbacks

    async def watched(self, *, after: str, limit: int) -> list[Watched]:
        return [_watched_of(row) for row in await self._sql.rows("api_watched", after=after, most=limit)]

    async def tell(self, callbacks: Sequence[Callback], told: Mapping[str, str], over: Collection[str]) -> None:
        await self._sql.change_many("api_tell", [_callback_row(each) for each in callbacks])
        await self._sql.change_many("api_told", [{"told": state, "item_id": item} for item, state in told.items()])
        if over:
            await self._sql.change("api_over", items=key_set(over))

    async def due(self, *, now: datetime, limit: int) -> list[tuple[Callback, ApiKey]]:
        due = [_callback_of(row) for row in await self._sql.rows("api_due", now=to_millis(now), most=limit)]
        if not due:
            return []
        keys = {key.id: key for key in await self.keys()}
        return [(each, keys[each.key_id]) for each in due if each.key_id in keys]

    async def called(self, callbacks: Sequence[Callback]) -> None:
        rows = [
            {
                "next_at": to_millis(each.next_at), "attempts": each.attempts, "ended_at": millis(each.ended_at),
                "is_given_up": int(each.ended_at is not None and not each.answer.startswith("2")),
                "answer": each.answer, "id": each.id,
            }
            for each in callbacks
        ]  # fmt: skip
        await self._sql.change_many("api_called", rows)

    async def callbacks_of(self, key_id: str, *, limit: int) -> list[Callback]:
        return [_callback_of(row) for row in await self._sql.rows("api_callbacks_of", key_id=key_id, most=limit)]

    async def backlog(self, key_id: str = "") -> Backlog:
        row = await self._sql.row("api_backlog", key_id=key_id)
        return Backlog(row["waiting"], row["given_up"]) if row else Backlog(0, 0)


def _key_of(row: Row, guests: Mapping[str, Sequence[str]]) -> ApiKey:
    known = set(map(str, ApiRight))
    return ApiKey(
        id=row["id"],
        kind=KeyKind(row["kind"]),
        name=row["name"],
        agency=row["agency"],
        rights=frozenset(ApiRight(each) for each in row["rights"].split() if each in known),
        digest=row["digest"],
        made_at=from_millis(row["made_at"]),
        made_by=row["made_by"],
        expires_at=moment(row["expires_at"]),
        revoked_at=moment(row["revoked_at"]),
        revoked_by=row["revoked_by"],
        used_at=moment(row["used_at"]),
        callback_url=row["callback_url"],
        callback_secret=row["callback_secret"],
        guests=tuple(guests.get(row["id"], ())),
    )


def _planned_of(row: Row) -> Planned:
    item = item_of(row)
    message = ApiMessage(
        item_id=item.id,
        key_id=row["key_id"],
        agency=row["of_agency"],
        is_trial=bool(row["is_trial"]),
        reference=row["reference"],
        told_until=moment(row["told_until"]),
    )
    return Planned(message, item)


def _watched_of(row: Row) -> Watched:
    message = ApiMessage(
        item_id=row["item_id"],
        key_id=row["key_id"],
        agency=row["agency"],
        is_trial=bool(row["is_trial"]),
        reference=row["reference"],
        told_until=moment(row["told_until"]),
    )
    since = row["settled_at"] if row["settled_at"] is not None else row["created_at"]
    return Watched(message, row["told"], DeliveryState(row["state"]), row["reason"], from_millis(since))


def _held(until: datetime | None) -> int:
    return to_millis(until) if until else 0


def _callback_row(callback: Callback) -> dict[str, Any]:
    return {
        "id": callback.id, "key_id": callback.key_id, "item_id": callback.item_id, "state": str(callback.state),
        "reason": callback.reason, "reference": callback.reference, "at": to_millis(callback.at),
        "made_at": to_millis(callback.made_at), "next_at": to_millis(callback.next_at), "attempts": callback.attempts,
        "ended_at": millis(callback.ended_at), "answer": callback.answer,
    }  # fmt: skip


def _callback_of(row: Row) -> Callback:
    return Callback(
        id=row["id"],
        key_id=row["key_id"],
        item_id=row["item_id"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        reference=row["reference"],
        at=from_millis(row["at"]),
        made_at=from_millis(row["made_at"]),
        next_at=from_millis(row["next_at"]),
        attempts=row["attempts"],
        ended_at=moment(row["ended_at"]),
        answer=row["answer"],
    )
