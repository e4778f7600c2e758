"""A page with the form, and what comes of it without JavaScript. There are two: our own page, and one in a frame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from bot.model.code import canonical
from bot.web.answering import answered
from bot.web.asking import FACTOR, LONGEST_FACTOR, LONGEST_TEXT, TEXT, Asked, asked_of
from bot.web.desk import Desk, form_of
from bot.web.errors import RefusedError, with_wait
from bot.web.history import watching
from bot.web.pages import language_in, language_of
from bot.web.sessions import Session
from bot.web.talk import Line, Talk, conversation, label_of, line_of, with_fresh_options
from bot.web.ways import factor_field, ways_to_ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a form stands, and how it is known again when it comes back."""

    template: str
    path: str
    """Of the empty page."""
    action: str
    """Where its forms go."""
    find: Callable[[web.Request, str], Session | None]
    """The session of a request, by what the browser keeps or by the form's token."""
    trust: Callable[[web.Request, str], Session]
    """The session of a form with this token; refuses what is not ours."""
    token: Callable[[Session], str]
    keep: Callable[[web.StreamResponse, Session], None]


class LookUp:
    """One field, one answer."""

    def __init__(self, desk: Desk, place: Place) -> None:
        self._desk = desk
        self._place = place
        context = desk.context
        self._factors = {language: factor_field(words, context.lookup) for language, words in desk.pages.words.items()}
        self._ways = ways_to_ask("", context.links, context.settings.short_code)
        """Of a page without a code in its field."""

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page with its conversation so far. `?ma=` fills the field, for QR codes and links."""
        session = self._place.find(request, "") or self._desk.sessions.start()
        typed = request.query.get("ma", "")[:LONGEST_TEXT]
        talk = replace(await self._talk_so_far(session), typed=typed)
        return self._page(session, talk, language=language_of(request), linked=typed)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The form: takes the question in and waits a little for its answer."""
        fields = await form_of(request)
        language = language_in(fields)
        try:
            session = self._place.trust(request, fields.get("token", ""))
            asked = asked_of(fields, takes_factor=bool(self._desk.context.lookup.factors))
            return await self._answer(request, session, asked, language)
        except RefusedError as refused:
            session = self._place.find(request, fields.get("token", "")) or self._desk.sessions.start()
            return await self._refuse(session, fields, refused, language)

    async def _refuse(
        self, session: Session, fields: Mapping[str, str], refused: RefusedError, language: str
    ) -> web.StreamResponse:
        """The page again, with what was typed and what is wrong with it."""
        talk = replace(
            await self._talk_so_far(session),
            typed=fields.get(TEXT, "")[: 2 * LONGEST_TEXT],
            typed_factor=fields.get(FACTOR, "")[: 2 * LONGEST_FACTOR],
            error=self._desk.pages.words[language]["error"][refused.word],
            wrong_field=refused.field,
        )
        return with_wait(self._page(session, talk, language=language, status=refused.status), refused)

    async def _answer(self, request: web.Request, session: Session, asked: Asked, language: str) -> web.StreamResponse:
        context = self._desk.context
        async with watching(self._desk.feed, session.address) as arrivals:
            message = await self._desk.take_in(request, session, asked, language)
            found = await answered(context, message, arrivals)
        lines = [line_of(item) for item in found.earlier]
        lines += [Line(label_of(asked.text, lines) or asked.shown, message.at), *map(line_of, found.answers)]
        talk = self._talk(session, lines)
        if not (found.answers and found.is_whole):
            waits = self._desk.pages.words[language]["ask"]["taken" if found.is_whole else "late"]
            talk = replace(talk, next_id=asked.client_id, late=asked, late_sentence=waits)
        page = self._page(session, replace(talk, is_answer=bool(found.answers)), language=language)
        await page.prepare(request)
        await page.write_eof()
        self._desk.sightings.note(found.answers)
        return page

    async def _talk_so_far(self, session: Session) -> Talk:
        return self._talk(session, await conversation(self._desk.context, session))

    def _talk(self, session: Session, lines: list[Line]) -> Talk:
        return Talk(
            token=self._place.token(session),
            next_id=self._desk.context.new_id(),
            action=self._place.action,
            lines=with_fresh_options(lines),
        )

    def _page(
        self, session: Session, talk: Talk, *, language: str, status: int = 200, linked: str = ""
    ) -> web.Response:
        """`linked`: the code with which the page was opened, kept where the language is changed."""
        context, pages = self._desk.context, self._desk.pages
        code = canonical(talk.typed)
        page = pages.page(
            self._place.template,
            language=language,
            status=status,
            talk=talk,
            path=self._place.path,
            linked=linked,
            factor=self._factors[language],
            ways=ways_to_ask(code, context.links, context.settings.short_code) if code else self._ways,
            conversation=context.conversation,
            example=context.example,
        )
        self._place.keep(page, session)
        return page
