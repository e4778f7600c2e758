"""The public page: one field, one answer. Works without JavaScript; with it, the same form becomes a chat."""

from functools import lru_cache

from aiohttp import web

from bot.links import links_of, qr_svg
from bot.model.code import canonical
from bot.web.desk import Desk, form_of
from bot.web.errors import RefusedError
from bot.web.looking_up import LookUp, Place
from bot.web.pages import address_of_page, language_in, language_of
from bot.web.rates import network_of

FRAME = "/nhung"


class Public:
    """`/`, `/tra-cuu`, `/ket-thuc`; `/nhung` for the frame of a portal; `/qr/…` for slips."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page = LookUp(desk, _on_our_page(desk))
        self._frame = LookUp(desk, _in_a_frame(desk))

    def routes(self) -> list[web.RouteDef]:
        framed = [web.get(FRAME, self._frame.show), web.post(FRAME, self._frame.answer)]
        return [
            web.get("/", self.show),
            web.post("/tra-cuu", self._page.answer),
            web.get("/tra-cuu", _to_start),
            web.post("/ket-thuc", self.finish),
            web.get("/qr/{code}.svg", self.draw),
            *(framed if self._desk.context.settings.frame_ancestors else []),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page itself; in the frame of a foreign site, where it would get no cookie, the page made for that."""
        is_framed = request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame", "embed", "object")
        if is_framed and request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise web.HTTPSeeOther(address_of_page(FRAME, language_of(request), request.query.get("ma", "")))
        return await self._page.show(request)

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """Leaves the conversation behind: the next person at this machine begins a new one."""
        fields = await form_of(request)
        self._desk.session_of_form(request, fields.get("token", ""))
        response = web.Response(status=303, headers={"Location": address_of_page("/", language_in(fields))})
        self._desk.sessions.keep(response, self._desk.sessions.start())
        return response

    async def draw(self, request: web.Request) -> web.StreamResponse:
        """The QR code that opens this page with a dossier's code filled in. No dossier is looked up for it."""
        code, places = canonical(request.match_info["code"]), self._desk.context.links
        if code is None or not places.web:
            raise RefusedError(404, "missing")
        network = network_of(request, self._desk.context.settings.trusted_proxies)
        if wait := self._desk.drawings.take(network):
            raise RefusedError(429, "too_many", wait=wait)
        return web.Response(text=_drawn(links_of(code, places)[0].url), content_type="image/svg+xml")


@lru_cache(maxsize=1000)
def _drawn(url: str) -> str:
    return qr_svg(url)


def _on_our_page(desk: Desk) -> Place:
    sessions = desk.sessions
    return Place(
        template="public.html",
        path="/",
        action="/tra-cuu",
        find=lambda request, _: sessions.of(request),
        trust=desk.session_of_form,
        token=sessions.token,
        keep=sessions.keep,
    )


def _in_a_frame(desk: Desk) -> Place:
    """Cookies of a framed page are blocked by many browsers, and a cookie that is not would have to be sent with every
    request that any site makes to us. So here the form itself carries the session, and nothing else does: nobody else
    has it, no request brings it by itself, and when the frame is closed it is forgotten."""
    sessions = desk.sessions
    return Place(
        template="frame.html",
        path=FRAME,
        action=FRAME,
        find=lambda _, token: sessions.unsealed(token),
        trust=desk.session_of_frame,
        token=sessions.sealed,
        keep=lambda response, session: None,
    )


async def _to_start(_: web.Request) -> web.StreamResponse:
    """Somebody came back to the address of the form."""
    raise web.HTTPSeeOther("/")
