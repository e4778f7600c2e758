"""Out of the console, and the language in which it speaks."""

from collections.abc import Sequence

from aiohttp import web

from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import LANGUAGE_COOKIE, Visit
from bot.web.pages import LANGUAGES
from bot.web.prefix import PREFIX

_YEAR = 365 * 24 * 3600


def routes(console: Console) -> Sequence[Route]:
    return [
        Route("GET", "/ngon-ngu", speak, None, is_open=True),
        Route("POST", "/dang-xuat", leave, None, half_open=True),
    ]


async def speak(visit: Visit) -> web.Response:
    """Changes the language and goes back to the page."""
    back = visit.asked("ve", most=500)
    # A line end would end the header.
    is_ours = back.startswith(f"{PREFIX}/") and "\\" not in back and back.isprintable()
    where = back if is_ours else f"{PREFIX}/"
    response = web.Response(status=303, headers={"Location": where})
    language = visit.asked("sang")
    if language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=_YEAR, path=f"{PREFIX}/", samesite="Lax", httponly=True,
            secure=visit.console.is_secure,
        )  # fmt: skip
    return response


async def leave(visit: Visit) -> web.Response:
    """Ends the session."""
    session = visit.session
    if session is not None:
        await visit.write(lambda tx: tx.staff.end_session(session.digest), visit.entry("staff.left", visit.me.login))
    response = web.Response(status=303, headers={"Location": f"{PREFIX}/dang-nhap"})
    response.del_cookie(visit.console.cookie("staff"), path="/", secure=visit.console.is_secure, httponly=True)
    return response
