"""oauth.zaloapp.com: the pair of tokens, and the page on which the OA's administrator consents."""

import asyncio
from collections.abc import Mapping
from html import escape

from aiohttp import web
from yarl import URL

from adapters.simulators.zalo.calls import WORLD
from adapters.simulators.zalo.tokens import OAuthRefusal
from adapters.simulators.zalo.world import World

routes = web.RouteTableDef()

_PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Zalo (mô phỏng)</title><body style="font:1.1rem system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem">
<h1>{title}</h1><p>{words}</p>{form}</body></html>"""
_FORM = '<form method="post"><button style="font:inherit;padding:.6rem 1.2rem">Cho phép</button></form>'


@routes.post("/v4/oa/access_token")
async def access_token(request: web.Request) -> web.StreamResponse:
    """A form body and the header `secret_key`. Always HTTP 200."""
    world = request.app[WORLD]
    form = {name: str(value) for name, value in (await request.post()).items()}
    grant = form.get("grant_type", "")
    try:
        pair = _pair(world, form, request.headers.get("secret_key", ""))
    except OAuthRefusal as refusal:
        world.journal.note("token", grant=grant, error=refusal.error)
        return web.json_response(refusal.body())
    world.journal.note("token", grant=grant, error=0)
    if grant == "refresh_token":
        await asyncio.sleep(world.faults.refresh_delay)
        if world.faults.refresh_lost and request.transport:
            request.transport.abort()
    return web.json_response(pair)


@routes.get("/v4/oa/permission")
async def permission(request: web.Request) -> web.StreamResponse:
    """Shows who asks, with a button that consents; or the error."""
    if error := _consent_error(request):
        return _page("Không thể cấp quyền", f"error_code={error}", "")
    world = request.app[WORLD]
    words = f"Ứng dụng {world.settings.app_id} xin quyền quản lý Official Account «{escape(world.settings.oa_name)}»."
    return _page("Cấp quyền cho ứng dụng", words, _FORM)


@routes.post("/v4/oa/permission")
async def consent(request: web.Request) -> web.StreamResponse:
    """Consents: leads back to `redirect_uri` with `code`, `oa_id` and the given `state`."""
    if error := _consent_error(request):
        return _page("Không thể cấp quyền", f"error_code={error}", "")
    world, query = request.app[WORLD], request.query
    code = world.tokens.consented(query.get("code_challenge", ""))
    back = URL(query["redirect_uri"]).update_query(code=code, oa_id=world.settings.oa_id)
    if "state" in query:
        back = back.update_query(state=query["state"])
    return web.Response(status=302, headers={"Location": str(back)})


def _pair(world: World, form: Mapping[str, str], secret: str) -> dict[str, str]:
    if form.get("app_id") != world.settings.app_id:
        raise OAuthRefusal(-14002, "Invalid app id", "App id is invalid")
    if secret != world.settings.app_secret:
        raise OAuthRefusal(-14004, "Invalid secret key", "Secret key is invalid")
    match form.get("grant_type"):
        case "refresh_token":
            if world.faults.refresh_error:
                raise OAuthRefusal(-14019, "Internal server error", "Please try again later")
            return world.tokens.refreshed(form.get("refresh_token", ""))
        case "authorization_code":
            return world.tokens.exchanged(form.get("code", ""), form.get("code_verifier", ""))
        case _:
            raise OAuthRefusal(-14011, "Invalid grant type", "Grant type is invalid")


def _consent_error(request: web.Request) -> int:
    query = request.query
    if query.get("app_id") != request.app[WORLD].settings.app_id:
        return -14002
    try:
        back = URL(query.get("redirect_uri", ""))
    except ValueError:
        return -14003
    return 0 if back.scheme in ("http", "https") and back.host else -14003


def _page(title: str, words: str, form: str) -> web.Response:
    return web.Response(text=_PAGE.format(title=title, words=words, form=form), content_type="text/html")
