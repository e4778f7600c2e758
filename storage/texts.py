"""Texts that an office has made its own, in all their versions."""

import json
from datetime import datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.message import Form, Situation
from bot.model.wording import TextKey, TextState, Version, Wording
from storage.edge import moment
from storage.statements import Row, Statements

_KNOWN = frozenset(map(str, Situation))
"""A newer release may have published for others."""


class Texts:
    """`bot.ports.TextStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def draft(self, key: TextKey, wording: Wording, *, by: str, at: datetime, note: str = "") -> int:
        await self._step(0)
        await self._retire(key, TextState.DRAFT, by=by, at=at)
        body = json.dumps(_body_of(wording), ensure_ascii=False)
        number: int = await self._sql.value(
            "text_draft", **_place(key), body=body, note=note, made_by=by, at=to_millis(at)
        )
        return number

    async def publish(self, key: TextKey, number: int, *, by: str, at: datetime) -> bool:
        await self._step(0)
        found = await self.version(key, number)
        if found is None or found.state is not TextState.DRAFT:
            return False
        await self._retire(key, TextState.PUBLISHED, by=by, at=at)
        await self._sql.change("text_publish", **_place(key), number=number, published_by=by, at=to_millis(at))
        await self._step(1)
        return True

    async def republish(self, key: TextKey, number: int, *, by: str, at: datetime, note: str = "") -> int | None:
        await self._step(0)
        found = await self.version(key, number)
        if found is None or found.published_at is None:
            return None
        await self._retire(key, TextState.PUBLISHED, by=by, at=at)
        made: int = await self._sql.value(
            "text_republish", **_place(key), number=number, note=note, published_by=by, at=to_millis(at)
        )
        await self._step(1)
        return made

    async def retire(self, key: TextKey, *, by: str, at: datetime) -> bool:
        await self._step(0)
        if not await self._retire(key, TextState.PUBLISHED, by=by, at=at):
            return False
        await self._step(1)
        return True

    async def version(self, key: TextKey, number: int) -> Version | None:
        row = await self._sql.row("text_one", **_place(key), number=number)
        return _version_of(row) if row else None

    async def history(self, key: TextKey) -> list[Version]:
        return [_version_of(row) for row in await self._sql.rows("text_history", **_place(key))]

    async def current(self) -> list[Version]:
        return [_version_of(row) for row in await self._sql.rows("texts_current", and_drafts=1)]

    async def published(self) -> list[Version]:
        rows = await self._sql.rows("texts_current", and_drafts=0)
        return [_version_of(row) for row in rows if row["situation"] in _KNOWN]

    async def revision(self) -> int:
        return await self._sql.value("texts_revision") or 0

    async def _step(self, step: int) -> None:
        await self._sql.value("texts_step", step=step)

    async def _retire(self, key: TextKey, state: TextState, *, by: str, at: datetime) -> int:
        return await self._sql.change("text_retire", **_place(key), state=str(state), retired_by=by, at=to_millis(at))


def _place(key: TextKey) -> dict[str, str]:
    return {"situation": str(key.situation), "language": key.language, "agency": key.agency}


def _body_of(wording: Wording) -> dict[str, Any]:
    return {
        "chat": wording.chat,
        "sms": wording.sms,
        "sms_accented": wording.sms_accented,
        "required": list(wording.required),
        "flexible": list(wording.flexible),
        "forms": [
            {"channel": each.channel, "id": each.id, "pattern": each.pattern, "parameters": dict(each.parameters)}
            for each in wording.forms
        ],
    }


def _wording_of(body: str) -> Wording:
    given = json.loads(body)
    return Wording(
        chat=given["chat"],
        sms=given["sms"],
        sms_accented=given["sms_accented"],
        required=tuple(given["required"]),
        flexible=tuple(given["flexible"]),
        forms=tuple(Form(**each) for each in given["forms"]),
    )


def _version_of(row: Row) -> Version:
    return Version(
        key=TextKey(Situation(row["situation"]), row["language"], row["agency"]),
        number=row["number"],
        wording=_wording_of(row["body"]),
        state=TextState(row["state"]),
        note=row["note"],
        made_by=row["made_by"],
        made_at=from_millis(row["made_at"]),
        published_by=row["published_by"],
        published_at=moment(row["published_at"]),
        retired_by=row["retired_by"],
        retired_at=moment(row["retired_at"]),
        copy_of=row["copy_of"],
    )
