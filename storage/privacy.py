"""Erasure on request: takes a person out of every table, and leaves the books balanced."""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from bot.model.api import TRIAL
from bot.model.clock import from_millis, to_millis
from bot.model.erasure import numbers_in
from bot.model.person import Address
from bot.ports.people import Looked, Phones
from storage.edge import key_set, to_json
from storage.mentions import Mentions
from storage.message_rows import documents_of
from storage.rows import without_tasks
from storage.sealing.columns import ADDRESS, PHONE, TABLES
from storage.sealing.seeking import every_row, page_after, spread_of_phones
from storage.statements import Row, Statements

REASON = "erased on request"
"""Of a message that was still to go, and who answered feedback that nobody answers any more."""
_PLAIN = (
    "bindings",
    "follows",
    "invitations",
    "one_time_codes",
    "consents",
    "disowned",
    "preferences",
    "attempts",
    "do_not_send",
    "api_guests",
    "carriers",
    "talks",
)
"""Tables of which her rows go as a whole."""
_NOT_LOOKED = Looked()
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_OF_PHONES = ("sms", "zalophone")
"""Schemes of which the phone itself is the address."""


class Privacy:
    """`bot.ports.people.PrivacyStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def addresses_of(self, phone: str) -> list[Address]:
        bound = [Address.of(row["address"]) for row in await self._sql.rows("bound_to", phone=phone)]
        return [*(Address(scheme, phone) for scheme in _OF_PHONES), *bound]

    async def erased(self) -> dict[str, datetime]:
        return {row["digest"]: from_millis(row["at"]) for row in await self._sql.rows("erasures")}

    async def salt(self) -> bytes:
        salt = await self._sql.value("erasure_salt")
        if salt is None:
            await self._sql.change("erasure_salt_make", salt=token_hex(32))
            salt = await self._sql.value("erasure_salt")
        return bytes.fromhex(salt)

    async def remember(self, erased: Mapping[str, datetime], salt: bytes) -> bool:
        if await self._sql.value("erasure_salt") is None:
            await self._sql.change("erasure_salt_make", salt=salt.hex())
        if await self.salt() != salt:
            return False
        await self._sql.change("erasure_announce")
        await self._keep(erased)
        return True

    async def _keep(self, erased: Mapping[str, datetime]) -> None:
        rows = [{"digest": digest, "at": to_millis(at)} for digest, at in erased.items()]
        await self._sql.change_many("erasure_keep", rows)

    @property
    def tables(self) -> list[str]:
        return [name for name in TABLES if _people_in(name) and self._sql.has(f"sealing_first_{name}")]

    async def phones(self, table: str, after: Sequence[Any] | None, *, limit: int) -> Phones:
        rows = await page_after(self._sql, table, after, most=limit)
        values = {row[column] for row in rows for column in _people_in(table)}
        found = frozenset().union(*(numbers_in(value.rpartition(":")[2]) for value in values if value))
        keys = [f"key_{number}" for number in range(len(TABLES[table].key))]
        return Phones(found, [rows[-1][key] for key in keys] if len(rows) == limit else None)

    async def look(self, phone: str, addresses: Collection[Address], looked: Looked, *, limit: int) -> Looked:
        if not self._sql.is_sealed:
            return replace(looked, is_done=True)
        erasing = _Erasing(self._sql, phone, addresses, 0)
        rows = await page_after(self._sql, "outbox", [looked.until], most=limit)
        found = {row["id"] for row in rows if erasing.is_about_her(row)}
        until = rows[-1]["id"] if rows else looked.until
        return Looked(looked.found | found, until, is_done=len(rows) < limit)

    async def erase(
        self, phone: str, addresses: Collection[Address], *, digest: str, at: datetime, looked: Looked = _NOT_LOOKED
    ) -> dict[str, int]:
        if not _E164.fullmatch(phone):
            raise ValueError("no E.164 number: this would erase others")
        # First of all, for it locks the sources: what a mirror writes meanwhile is seen here, or it reads again.
        await self._sql.change("erasure_announce")
        await self._keep({digest: at})
        erasing = _Erasing(self._sql, phone, addresses, to_millis(at))
        rows = {
            "dossiers": await erasing.dossiers(),
            "apology_acts": await erasing.of_dossiers("erase_apology_acts"),
            "apologies": await erasing.of_dossiers("erase_apologies"),
            "outbox": await erasing.messages(looked),
            "documents": await erasing.documents(),
            "broadcast_recipients": await erasing.recipients(),
            "inbound": await erasing.inbound(),
            "conversations": await erasing.conversations(),
            "feedback": await erasing.feedback(),
            "surveys": await erasing.surveys(),
            **await erasing.plain(),
        }
        return {table: number for table, number in rows.items() if number}


def _people_in(table: str) -> list[str]:
    """Its columns that hold phones or addresses."""
    return [name for name, form in TABLES[table].columns.items() if form in (PHONE, ADDRESS)]


class _Erasing:
    """One erasure under way. Each act returns how many rows it took something from."""

    def __init__(self, sql: Statements, phone: str, addresses: Collection[Address], at: int) -> None:
        hers = {*(Address(scheme, phone) for scheme in (*_OF_PHONES, TRIAL)), *addresses}
        keys = sorted(address.key for address in hers)
        self._sql = sql
        self._mentions = Mentions(phone, keys)
        self._documents: Collection[str] = ()
        self._dossiers = "{}"
        self._values: Mapping[str, Any] = {
            "phone": phone,
            "keys": key_set(keys),
            "subjects": key_set({phone, *keys}),
            "spread": self._mentions.spread,
            "spread_of_phones": spread_of_phones(sql, self._mentions.spread),
            "reason": REASON,
            "at": at,
        }

    async def dossiers(self) -> int:
        found = [row for row in await self._rows("erase_dossiers_seek") if self._mentions.are_in(row["phone"])]
        named = sorted(({"code": row["code"], "source": row["source"]} for row in found), key=_by_code)
        steps = {(row["code"], row["source"]): without_tasks(row["steps"]) for row in found}
        rows = [{**each, "steps": steps[each["code"], each["source"]]} for each in named]
        await self._sql.change_many("erase_dossiers", rows)
        self._dossiers = to_json({str(number): each for number, each in enumerate(named)})
        # Their fingerprints were made of what goes as well.
        late = await self._sql.rows("erase_late_seek", dossiers=self._dossiers)
        names = ("code", "source", "version", "fingerprint")
        await self._sql.change_many("erase_late", [_fresh(row, names) for row in late])
        return len(named)

    async def of_dossiers(self, statement: str) -> int:
        """What staff wrote about the dossiers that `dossiers` has found."""
        return await self._sql.change(statement, dossiers=self._dossiers)

    async def messages(self, looked: Looked) -> int:
        found = {row["id"]: row for row in await self._rows("erase_outbox_seek")}
        if looked.found:
            known = await self._sql.rows("erase_outbox_among", ids=key_set(looked.found))
            found |= {row["id"]: row for row in known if self.is_about_her(row)}
        after = [looked.until]
        found |= {row["id"]: row async for row in self._among("outbox", after) if self.is_about_her(row)}
        items = {
            item_id: {"named": str(int(self._mentions.are_in_key(row["dedupe_key"]))), "dedupe_key": row["dedupe_key"]}
            for item_id, row in found.items()
        }
        await self._sql.change("erase_keys", items=to_json(items))
        await self._change("erase_outbox", items=to_json(items))
        await self._sql.change("retention_references", ids=key_set(found))
        await self._sql.change("erase_references", ids=key_set(found))
        self._documents = documents_of(row["attached"] for row in found.values())
        named = {row["origin"]: item_id for item_id, row in found.items() if self._mentions.are_in_key(row["origin"])}
        renamed = [{"fresh": f"erased:{item_id}", "origin": origin} for origin, item_id in sorted(named.items())]
        await self._sql.change_many("erase_plans", renamed)
        await self._sql.change_many("erase_origins", renamed)
        return len(found)

    async def documents(self) -> int:
        """Of the messages that `messages` has found."""
        return await self._sql.change("erase_documents", ids=key_set(self._documents))

    async def recipients(self) -> int:
        """Of broadcasts, and rows of others that name her."""
        found = [row async for row in self._among("broadcast_recipients") if self._is_her_row(row)]
        named = [{"broadcast": row["broadcast"], "number": row["number"]} for row in found]
        await self._sql.change_many("erase_recipients", named)
        return len(found)

    def _is_her_row(self, row: Row) -> bool:
        return row["phone"] == self._values["phone"] or self._mentions.are_in(row["contents"])

    async def inbound(self) -> int:
        own = await self._change("erase_inbound")
        found = [row async for row in self._among("inbound") if self._mentions.are_in(row["text"])]
        named = [{"channel": row["channel"], "message_id": row["message_id"]} for row in found]
        await self._sql.change_many("erase_inbound_text", named)
        return own + len(named)

    async def conversations(self) -> int:
        own = await self._change("erase_conversations")
        found = [row async for row in self._among("conversations") if self._mentions.are_in(row["slots"])]
        await self._sql.change_many("erase_slots", [{"address": row["address"]} for row in found])
        return own + len(found)

    async def feedback(self) -> int:
        found = [row async for row in self._among("feedback") if self._wrote_or_is_named(row)]
        values = {"at": self._values["at"], "reason": REASON}
        await self._sql.change_many("erase_feedback", [{"number": row["number"], **values} for row in found])
        return len(found)

    async def surveys(self) -> int:
        found = await self._rows("erase_surveys_seek")
        await self._sql.change_many("erase_surveys", [_fresh(row, ("source", "code", "address")) for row in found])
        return len(found)

    async def plain(self) -> dict[str, int]:
        return {table: await self._change(f"erase_{table}") for table in _PLAIN}

    def is_about_her(self, row: Row) -> bool:
        keys = (row["dedupe_key"], row["origin"])
        texts = (row["text"], row["attached"])
        return any(map(self._mentions.are_in_key, keys)) or any(map(self._mentions.are_in, texts))

    def _wrote_or_is_named(self, row: Row) -> bool:
        texts = (row[name] for name in ("text", "name", "home", "phone", "answer"))
        return self._mentions.are_in_key(row["address"]) or any(map(self._mentions.are_in, texts))

    async def _among(self, table: str, after: Sequence[Any] | None = None) -> AsyncIterator[Row]:
        """Rows in which she may be mentioned, and rows in which she is not."""
        if self._sql.is_sealed:
            async for row in every_row(self._sql, table, after):
                yield row
            return
        for row in await self._rows(f"erase_seek_{table}"):
            yield row

    async def _rows(self, name: str) -> list[Row]:
        return await self._sql.rows(name, **self._values)

    async def _change(self, name: str, **more: Any) -> int:
        return await self._sql.change(name, **self._values, **more)


def _fresh(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """The row's key, and something that says nothing to put into it."""
    return {"nonce": token_hex(12), **{name: row[name] for name in names}}


def _by_code(dossier: Mapping[str, str]) -> tuple[str, str]:
    return dossier["code"], dossier["source"]
