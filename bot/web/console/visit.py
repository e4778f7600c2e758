"""One request of somebody at the console: who she is, what she may, and the ways to answer her."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiDict, MultiDictProxy

from bot.auditing import Audited, Told, always, if_done
from bot.config import Config
from bot.model.audit import Entry
from bot.model.staff import Member, Right, Scope, StaffSession
from bot.ports import Storage, Transaction
from bot.service import App
from bot.web.console.colleagues import called
from bot.web.console.console import Console
from bot.web.console.places import Place, places_of
from bot.web.prefix import PREFIX

T = TypeVar("T")

_NOTHING: MultiDictProxy[str | bytes | bytearray | FileField] = MultiDictProxy(MultiDict())

LANGUAGE_COOKIE = "motcua-language"


class RefusedError(Exception):
    """We do not do what was asked; `word` names the sentence in `words/*/refused.toml` that says why."""

    def __init__(self, status: int, word: str, **values: Any) -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.values = values


def missing() -> RefusedError:
    """There is no such thing, or not for her: which of the two is not told."""
    return RefusedError(404, "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a handler is given."""

    console: Console
    request: web.Request
    member: Member | None = None
    """None at the door."""
    session: StaffSession | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """What colleagues are called, by login, as `told_apart` has them; none at the door."""
    language: str = "vi"
    token: str = field(default="", repr=False)
    """Goes into every form as `token`; the gate has checked it where there is a form."""
    form: MultiDictProxy[str | bytes | bytearray | FileField] = field(default_factory=lambda: _NOTHING)
    """Of a POST."""

    @property
    def app(self) -> App:
        return self.console.app

    @property
    def storage(self) -> Storage:
        return self.console.storage

    @property
    def config(self) -> Config:
        return self.console.config

    @property
    def words(self) -> Mapping[str, Mapping[str, Any]]:
        return self.console.show.words[self.language]

    @property
    def me(self) -> Member:
        if self.member is None:
            raise RefusedError(401, "logged_out")
        return self.member

    @property
    def places(self) -> list[Place]:
        """The navigation."""
        return places_of(self.me)

    def who(self, by: str) -> str:
        """Whoever did something: by name, if it is one of us."""
        return called(self.names, by, self.words["record"]["key"])

    # What was sent

    def said(self, name: str, *, most: int = 2_000) -> str:
        """A field of the form, without spaces around it; empty where it is missing."""
        value = self.form.get(name, "")
        if not isinstance(value, str):
            return ""
        if len(value) > most:
            raise RefusedError(413, "too_long")
        return value.strip().replace("\r\n", "\n")

    def asked(self, name: str, *, most: int = 200) -> str:
        """The same of the address."""
        return self.request.query.get(name, "")[:most].strip()

    def part(self, name: str) -> str:
        """A segment of the path."""
        return self.request.match_info[name]

    # What she may

    def scope(self, right: Right = Right.SEE) -> Scope:
        """Never empty: who has the right nowhere is turned away."""
        scope = self.me.scope(right)
        if not scope.agencies:
            raise RefusedError(403, "no_right")
        return scope

    def require(self, right: Right, agency: str) -> None:
        """Turns her away unless she has the right in this agency: of what she may not see, she learns nothing."""
        if self.me.may(right, agency):
            return
        if right is not Right.SEE and self.me.may(Right.SEE, agency):
            raise RefusedError(403, "no_right")
        raise missing()

    # What is written down

    def entry(
        self,
        what: str,
        subject: str = "",
        *,
        agency: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> Entry:
        """For the record, in her name."""
        by = self.member.login if self.member else ""
        return Entry(
            at=self.console.clock(), by=by, what=what, subject=subject, agency=agency,
            before=before or {}, after=after or {},
        )  # fmt: skip

    async def looked(self, what: str, subject: str = "", *, agency: str = "", **seen: Any) -> None:
        """Notes that she saw it."""
        entry = self.entry(what, subject, agency=agency, after=seen)
        await self.storage.write(lambda tx: tx.audit.add([entry]))

    async def write(self, work: Callable[[Transaction], Awaitable[T]], entry: Entry) -> T:
        """Does it and records it, together, unless it came to False or None."""
        return await Audited(self.storage, if_done(entry)).write(work)

    def audited(self, told: Told | Entry) -> Storage:
        """A storage for a flow that writes by itself: what it does and the record become durable together."""
        return Audited(self.storage, always(told) if isinstance(told, Entry) else told)

    # The answer

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        note = self.session.note if self.session else ""
        return self.console.show.page(
            template, language=self.language, status=status, visit=self, note=note, prefix=PREFIX,
            office=self.config.web.office, path=self.request.path, **values,
        )  # fmt: skip

    def piece(self, template: str, **values: Any) -> web.Response:
        """A part of a page, for the script that keeps it fresh."""
        text = self.console.show.text(
            template, language=self.language, visit=self, prefix=PREFIX, path=self.request.path, **values
        )
        return web.Response(text=text, content_type="text/html")

    async def redirect(self, path: str, note: str = "") -> web.Response:
        """After a form: on to a page below `/can-bo`, which says `note` once."""
        if note and self.session:
            session = replace(self.session, note=note)
            await self.storage.write(lambda tx: tx.staff.save_session(session))
        return web.Response(status=303, headers={"Location": f"{PREFIX}{path}"})

    def download(self, content: bytes, *, name: str, media_type: str) -> web.Response:
        """A file. `name` is ours: letters, digits, `-`, `_` and `.`."""
        if not name.isascii() or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise ValueError("not a name for a file")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=content, content_type=media_type, headers=headers)
