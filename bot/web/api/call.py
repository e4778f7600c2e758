"""One call of the API, let in: whose key it is, what was sent, and how it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel

from bot.api_sending import Token
from bot.api_settings import ApiSettings
from bot.model.api import ApiKey
from bot.model.audit import Entry
from bot.ports import Storage
from bot.service import App

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler is given."""

    app: App
    request: web.Request
    key: ApiKey
    body: BaseModel | None = field(default=None, repr=False)
    query: BaseModel | None = None
    token: Token | None = None
    """From the header Idempotency-Key."""

    @property
    def storage(self) -> Storage:
        return self.app.storage

    @property
    def settings(self) -> ApiSettings:
        return self.app.plan.config.api

    @property
    def now(self) -> datetime:
        return self.app.clock()

    def said(self, shape: type[M]) -> M:
        """The body."""
        if not isinstance(self.body, shape):
            raise TypeError("the operation takes another body")
        return self.body

    def asked(self, shape: type[M]) -> M:
        """The query."""
        if not isinstance(self.query, shape):
            raise TypeError("the operation has another query")
        return self.query

    def part(self, name: str = "id") -> str:
        return self.request.match_info[name]

    def entry(self, what: str, subject: str, *, agency: str = "", after: Mapping[str, Any] | None = None) -> Entry:
        """For the record, in the key's name."""
        return Entry(
            at=self.now, by=self.key.by, way="api", what=what, subject=subject, agency=agency, after=after or {}
        )


def json_of(shown: BaseModel) -> str:
    return shown.model_dump_json(by_alias=True)


def reply(shown: BaseModel | str, *, status: int = 200, is_replayed: bool = False) -> web.Response:
    """An answer; text is JSON already."""
    text = shown if isinstance(shown, str) else json_of(shown)
    response = web.Response(body=text.encode(), status=status, content_type="application/json")
    if is_replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
