"""Everything that is kept of one person, as it is kept; the twin of `storage.privacy`, which takes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.model.api import TRIAL
from bot.model.audit import Entry
from bot.model.clock import to_millis
from bot.model.person import Address
from bot.ports.personal import Personal, Whose
from storage.audit import entry_of
from storage.edge import key_set
from storage.mentions import Mentions
from storage.message_rows import documents_of
from storage.sealing.seeking import spread_of_phones, spread_of_texts
from storage.statements import Row, Statements

_OF_PHONES = ("sms", "zalophone", TRIAL)
_FOREVER = 2**62
_MENTIONING: Mapping[str, Sequence[str]] = {
    "dossiers": ("whose",),
    "late_events": ("whose",),
    "apologies": ("whose",),
    "apology_acts": ("whose",),
    "outbox": ("dedupe_key", "origin", "text", "attached"),
    "broadcast_recipients": ("contents",),
    "inbound": ("text",),
    "conversations": ("slots",),
    "feedback": ("text", "name", "home", "phone", "answer"),
}
"""Tables whose rows may only mention her, and where."""
_KEYS = ("dedupe_key", "origin")
"""In these a number stands as an address does."""
_WORDS = frozenset(
    {"text", "attached", "slots", "contents", "name", "home", "phone", "address", "answer", "dedupe_key"}
)
"""Of somebody else's row: what says who that is, or what that one said."""
_SECRET = frozenset({"digest", "fingerprint", "whose"})
"""Hashes, which say nothing to her; and by what we found the row."""
_PLAIN = (
    "parts", "api_messages", "api_callbacks", "documents", "surveys", "bindings", "follows", "invitations",
    "one_time_codes", "consents", "disowned", "preferences", "attempts", "do_not_send", "api_guests", "carriers",
    "talks",
)  # fmt: skip
WITHHELD = "(của người khác / somebody else's)"


class PersonalData:
    """`bot.ports.personal.PersonalStore` in SQL."""

    tables: Sequence[str] = (*_MENTIONING, *_PLAIN)

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def page(self, table: str, whose: Whose, *, skip: int, limit: int) -> Personal:
        keys = _keys_of(whose)
        mentions = Mentions(whose.phone, keys)
        values = {
            "phone": whose.phone,
            "keys": key_set(keys),
            "subjects": key_set({whose.phone, *keys}),
            "spread": spread_of_texts(self._sql, mentions.spread),
            "spread_of_phones": spread_of_phones(self._sql, mentions.spread),
        }
        if table == "documents":
            sent = await self._sql.rows("personal_attached", keys=values["keys"])
            values["ids"] = key_set(documents_of(row["attached"] for row in sent))
        found = await self._sql.rows(f"personal_{table}", **values, most=limit, skip=skip)
        rows = [_shown(table, row, whose, keys) for row in found if _is_about(table, row, whose, keys, mentions)]
        return Personal(rows, skip + limit if len(found) == limit else 0)

    async def seen(
        self, whose: Whose, *, since: datetime | None = None, until: datetime | None = None, limit: int
    ) -> list[Entry]:
        keys = key_set(_keys_of(whose))
        subjects = [row["subject"] for row in await self._sql.rows("personal_subjects", phone=whose.phone, keys=keys)]
        if not subjects:
            return []
        rows = await self._sql.rows(
            "personal_seen",
            subjects=key_set(subjects),
            since=to_millis(since) if since else 0,
            until=to_millis(until) if until else _FOREVER,
            most=limit,
        )
        return [entry_of(row) for row in rows]


def _keys_of(whose: Whose) -> list[str]:
    return sorted(address.key for address in {*(Address(each, whose.phone) for each in _OF_PHONES), *whose.addresses})


def _is_about(table: str, row: Row, whose: Whose, keys: Sequence[str], mentions: Mentions) -> bool:
    if table not in _MENTIONING or _is_hers(table, row, whose, keys):
        return True
    return any(
        mentions.are_in_key(row[name]) if name in _KEYS else mentions.are_in(row[name]) for name in _MENTIONING[table]
    )


def _is_hers(table: str, row: Row, whose: Whose, keys: Sequence[str]) -> bool:
    """No row that merely mentions her."""
    match table:
        case "outbox" | "inbound" | "conversations" | "feedback" | "follows":
            return row["address"] in keys
        case "broadcast_recipients":
            return bool(row["phone"] == whose.phone)
        case _:
            return table not in _MENTIONING


def _shown(table: str, row: Row, whose: Whose, keys: Sequence[str]) -> dict[str, Any]:
    values = {name: value for name, value in dict(row).items() if name not in _SECRET}
    if not _is_hers(table, row, whose, keys) and "whose" not in dict(row):
        values |= {name: WITHHELD for name in values.keys() & _WORDS if values[name]}
    return values
