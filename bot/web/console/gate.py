"""The gate before every page: who comes, whether the form is ours, whether the right is there; readable refusals."""

import asyncio
import hmac
import logging
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.multipart import BadContentDispositionHeader, BadContentDispositionParam
from aiohttp.web_request import FileField

from bot.model.errors import PerhapsWrittenError, trail
from bot.model.staff import Member, StaffSession
from bot.web.console.colleagues import colleagues
from bot.web.console.console import Console, digest_of
from bot.web.console.route import STRANGERS_FORM, STRANGERS_SECONDS, Route
from bot.web.console.visit import LANGUAGE_COOKIE, RefusedError, Visit
from bot.web.pages import LANGUAGES
from bot.web.prefix import PREFIX

log = logging.getLogger(__name__)

DOOR = f"{PREFIX}/dang-nhap"
SECOND_FACTOR = f"{PREFIX}/dang-nhap/ma"

_TOUCH_EVERY = timedelta(minutes=1)
"""A session's last sign of life is written down no oftener."""

# They would write into our error output what a stranger wrote into a form.
for _each in (BadContentDispositionHeader, BadContentDispositionParam):
    warnings.filterwarnings("ignore", category=_each)

_BY_STATUS = {404: "missing", 405: "missing", 413: "too_long"}


def gated(console: Console, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route's handler behind the gate."""

    async def handle(request: web.Request) -> web.StreamResponse:
        visit = Visit(console=console, request=request, language=_language(request))
        try:
            if found := await _session(console, request):
                visit = replace(visit, session=found[0], member=found[1], names=await colleagues(console.storage))
            return await _admitted(console, route, visit)
        except RefusedError as refused:
            return _refusal(visit, refused)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _refusal(visit, RefusedError(error.status, _BY_STATUS.get(error.status, "unreadable")))
        except ConnectionResetError:
            raise
        except Exception as error:
            # Without the error's own words, which may quote a citizen.
            log.error("%s %s failed: %s", route.method, route.path, trail(error))
            if isinstance(error, PerhapsWrittenError):
                return _refusal(visit, RefusedError(503, "perhaps"))
            return _refusal(visit, RefusedError(500, "failed"))

    return handle


async def _admitted(console: Console, route: Route, visit: Visit) -> web.StreamResponse:
    session = visit.session
    if session is None and not route.is_open:
        return _to_the_door(visit)
    if session and not session.proved_at and not (route.is_open or route.half_open):
        return web.Response(status=303, headers={"Location": SECOND_FACTOR})
    if route.right is not None:
        visit.scope(route.right)
    door = "" if session else visit.request.cookies.get(console.cookie("door"), "")
    fresh = "" if session or door else console.random_token()
    visit = replace(visit, token=console.seal("form", session.digest if session else door or fresh))
    if route.method == "POST":
        visit = await _with_form(visit, route)
    try:
        response = await route.handler(visit)
    finally:
        _close_files(visit.form)
    if fresh and route.method == "GET":
        keep(console, response, "door", fresh)
    if session and session.note and route.method == "GET" and _is_page(response):
        told = replace(session, note="")
        await console.storage.write(lambda tx: tx.staff.save_session(told))
    return response


async def _session(console: Console, request: web.Request) -> tuple[StaffSession, Member] | None:
    """Of the cookie; None where it is unknown or too old. Notes a sign of life."""
    secret = request.cookies.get(console.cookie("staff"), "")
    if not secret or len(secret) > 100:
        return None
    digest = digest_of(secret)
    found = await console.storage.read(lambda tx: tx.staff.session(digest))
    if found is None:
        return None
    session, member = found
    now, rules = console.clock(), console.config.console
    idle = now - session.seen_at > timedelta(minutes=rules.idle_minutes)
    if idle or now - session.opened_at > timedelta(hours=rules.longest_hours):
        await console.storage.write(lambda tx: tx.staff.end_session(digest))
        return None
    if now - session.seen_at > _TOUCH_EVERY:
        session = replace(session, seen_at=now)
        await console.storage.write(lambda tx: tx.staff.save_session(session))
    return session, member


async def _with_form(visit: Visit, route: Route) -> Visit:
    """Reads the form, and turns away one that is not from our own page."""
    request = visit.request
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise RefusedError(403, "not_ours")
    # Strangers write a name and a password: what they send is held in memory until it is whole.
    most, seconds = (route.most, route.seconds) if visit.session else (STRANGERS_FORM, STRANGERS_SECONDS)
    if (request.content_length or 0) > most:
        raise RefusedError(413, "too_long")
    try:
        async with asyncio.timeout(seconds):
            form = await request.clone(client_max_size=most).post()
    except TimeoutError:
        raise RefusedError(408, "slow") from None
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError, web.RequestPayloadError):
        # What the library says of parts that have no beginning, no end, or no name.
        raise RefusedError(400, "unreadable") from None
    token = form.get("token", "")
    if not isinstance(token, str) or not token.isascii() or not hmac.compare_digest(token, visit.token):
        _close_files(form)
        raise RefusedError(403, "not_ours")
    return replace(visit, form=form)


def _close_files(form: Mapping[str, object]) -> None:
    """What was uploaded lies on the disk until then."""
    for each in form.values():
        if isinstance(each, FileField):
            each.file.close()


def _to_the_door(visit: Visit) -> web.Response:
    if visit.request.method != "GET" or "X-Live" in visit.request.headers:
        raise RefusedError(401, "logged_out")
    wanted = visit.request.path_qs.removeprefix(PREFIX)
    back = f"?tiep={quote(wanted, safe='')}" if wanted not in ("", "/") else ""
    return web.Response(status=303, headers={"Location": f"{DOOR}{back}"})


def keep(console: Console, response: web.StreamResponse, name: str, value: str, *, seconds: int | None = None) -> None:
    """Puts a cookie into the answer that no script and no other site sees."""
    response.set_cookie(
        console.cookie(name),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        secure=console.is_secure,
        # Lax: whoever follows a link in a colleague's mail is still logged in. A form from elsewhere brings nothing.
        samesite="Lax",
    )


def _refusal(visit: Visit, refused: RefusedError) -> web.Response:
    sentence = visit.words["refused"][refused.word].format(**refused.values)
    return visit.page("refused.html", status=refused.status, sentence=sentence, word=refused.word)


def _language(request: web.Request) -> str:
    asked = request.cookies.get(LANGUAGE_COOKIE, "vi")
    return asked if asked in LANGUAGES else "vi"


def _is_page(response: web.StreamResponse) -> bool:
    return response.status == 200 and response.content_type == "text/html"
