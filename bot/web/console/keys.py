"""Khóa API: the keys of other software; made, shown once, given a callback address or a guest list, revoked."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from bot.api_keys import fresh_callback_secret, fresh_key
from bot.callbacks import objection_to
from bot.model.api import NAME, ApiKey, ApiRight, KeyKind
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.model.staff import Right
from bot.ports import Called, Transaction
from bot.texts import sentence
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.visit import Visit, missing

_SEEN = 50
"""Messages of a key on its page."""
_CALLS_SEEN = 20
_MOST_GUESTS = 100
_LONGEST_LIFE = 3650
_CHATS = ("zalo", "telegram", "webchat", "zalobot")


def routes(console: Console) -> Sequence[Route]:
    right = Right.ADMINISTER
    return [
        Route("GET", "/khoa-api", show_all, right),
        Route("GET", "/khoa-api/moi", ask_new, right),
        Route("POST", "/khoa-api/moi", make, right),
        Route("GET", "/khoa-api/{id}", show, right),
        Route("GET", "/khoa-api/{id}/thu-hoi", ask_revoke, right),
        Route("POST", "/khoa-api/{id}/thu-hoi", revoke, right),
        Route("POST", "/khoa-api/{id}/goi-lai", call_back, right),
        Route("POST", "/khoa-api/{id}/thu-goi-lai", try_callback, right),
        Route("POST", "/khoa-api/{id}/danh-sach", invite, right),
    ]


async def show_all(visit: Visit) -> web.Response:
    scope, now = visit.scope(Right.ADMINISTER), visit.console.clock()
    keys = [each for each in await visit.storage.read(lambda tx: tx.api.keys()) if scope.covers(each.agency)]
    is_open = [each for each in keys if each.is_open(now)]
    return visit.page("keys.html", keys=is_open, past=[each for each in keys if each not in is_open])


# A new one


async def ask_new(visit: Visit) -> web.Response:
    return _form(visit, {})


def _form(visit: Visit, errors: dict[str, str], *, status: int = 200) -> web.Response:
    scope = visit.scope(Right.ADMINISTER)
    own = "" if scope.is_everywhere else scope.agencies[0]
    rights = [str(each) for each in visit.form.getall("rights", [])] if visit.form else ["send"]
    said = {name: visit.said(name) for name in ("name", "kind", "agency", "days")} if visit.form else {"agency": own}
    return visit.page(
        "keys_new.html",
        status=status,
        said=said,
        rights=rights,
        errors=errors,
        kinds=list(KeyKind),
        all_rights=list(ApiRight),
    )


async def make(visit: Visit) -> web.Response:
    """Shows it, this once."""
    words, errors = visit.words["keys"], dict[str, str]()
    name, kind, agency, days = (visit.said(each) for each in ("name", "kind", "agency", "days"))
    rights = {ApiRight(each) for each in visit.form.getall("rights", []) if each in set(ApiRight)}
    if not NAME.fullmatch(name):
        errors["name"] = words["bad_name"]
    if kind not in set(KeyKind):
        errors["kind"] = words["bad_kind"]
    if not visit.me.may(Right.ADMINISTER, agency):
        errors["agency"] = words["bad_agency"]
    if not rights:
        errors["rights"] = words["bad_rights"]
    if days and not (days.isascii() and days.isdigit() and 0 < int(days[:5]) <= _LONGEST_LIFE):
        errors["days"] = words["bad_days"]
    if errors:
        return _form(visit, errors, status=422)
    now = visit.console.clock()
    fresh = fresh_key(
        KeyKind(kind),
        name,
        agency=agency,
        rights=rights,
        by=visit.me.login,
        at=now,
        expires_at=now + timedelta(days=int(days)) if days else None,
    )
    after = {"kind": kind, "rights": sorted(rights), "days": days}
    entry = visit.entry("key.made", name, agency=agency, after=after)
    if not await visit.write(lambda tx: tx.api.add(fresh.key), entry):
        return _form(visit, {"name": words["name_taken"]}, status=422)
    return visit.page("keys_made.html", key=fresh.key, shown=fresh.shown)


# One key


async def _key(visit: Visit) -> ApiKey:
    """Raises `RefusedError` where it is none of hers."""
    key_id = visit.part("id")
    key = await visit.storage.read(lambda tx: tx.api.key(key_id))
    if key is None:
        raise missing()
    visit.require(Right.ADMINISTER, key.agency)
    return key


async def _open_key(visit: Visit) -> ApiKey:
    """One that still opens something."""
    key = await _key(visit)
    if not key.is_open(visit.console.clock()):
        raise missing()
    return key


async def show(visit: Visit) -> web.Response:
    key = await _key(visit)
    await visit.looked("key.looked", key.name, agency=key.agency)
    return await _page(visit, key, {})


async def _page(visit: Visit, key: ApiKey, errors: dict[str, str], *, status: int = 200) -> web.Response:
    messages = await visit.storage.read(lambda tx: tx.api.of_key(key.id, limit=_SEEN))
    calls = await visit.storage.read(lambda tx: tx.api.callbacks_of(key.id, limit=_CALLS_SEEN))
    backlog = await visit.storage.read(lambda tx: tx.api.backlog(key.id))
    return visit.page(
        "keys_one.html",
        status=status,
        key=key,
        is_open=key.is_open(visit.console.clock()),
        messages=messages,
        calls=calls,
        backlog=backlog,
        sentence=lambda item: sentence(item, visit.language),
        guests="\n".join(_written(each) for each in key.guests),
        said={name: visit.said(name, most=20_000) for name in visit.form if name != "token"},
        errors=errors,
    )


async def ask_revoke(visit: Visit) -> web.Response:
    return visit.page("keys_revoke.html", key=await _open_key(visit))


async def revoke(visit: Visit) -> web.Response:
    key, at = await _key(visit), visit.console.clock()
    entry = visit.entry("key.revoked", key.name, agency=key.agency)
    done = await visit.write(lambda tx: tx.api.revoke(key.id, by=visit.me.login, at=at), entry)
    return await visit.redirect("/khoa-api", visit.words["keys"]["revoked_note"].format(name=key.name) if done else "")


# Where it is told


async def call_back(visit: Visit) -> web.Response:
    """Sets the address, with a new secret that is shown this once; an empty one ends it."""
    key, url, words = await _open_key(visit), visit.said("url"), visit.words["keys"]
    if url and (objection := objection_to(url, visit.config.api)):
        ports = ", ".join(map(str, visit.config.api.callback_ports))
        return await _page(visit, key, {"url": words[f"url_{objection}"].format(ports=ports)}, status=422)
    secret = fresh_callback_secret() if url else ""
    before, after = ({"host": urlsplit(each).hostname or ""} for each in (key.callback_url, url))
    entry = visit.entry("key.callback_set", key.name, agency=key.agency, before=before, after=after)
    await visit.write(lambda tx: _set(tx, key.id, url, secret), entry)
    if not url:
        return await visit.redirect(f"/khoa-api/{key.id}", words["callback_off_note"])
    return visit.page("keys_callback.html", key=key, secret=secret)


async def _set(tx: Transaction, key_id: str, url: str, secret: str) -> bool:
    await tx.api.call_back(key_id, url=url, secret=secret)
    return True


async def try_callback(visit: Visit) -> web.Response:
    """Calls the address now, and says what came of it."""
    key, callbacks = await _open_key(visit), visit.app.callbacks
    if not key.callback_url or callbacks is None:
        raise missing()
    called = await callbacks.try_out(key)
    entry = visit.entry("key.callback_tried", key.name, agency=key.agency, after={"answer": called.word})
    await visit.storage.write(lambda tx: tx.audit.add([entry]))
    return await visit.redirect(f"/khoa-api/{key.id}", _sentence(visit, called))


def _sentence(visit: Visit, called: Called) -> str:
    words = visit.words["keys"]
    if called.is_taken:
        return str(words["call_taken"].format(status=called.status))
    word = called.trouble or ("redirect" if 300 <= called.status < 400 else "refused")
    return str(words[f"call_{word}"].format(status=called.status))


# Whom a team key reaches


async def invite(visit: Visit) -> web.Response:
    key, words = await _open_key(visit), visit.words["keys"]
    if key.kind is not KeyKind.TEAM:
        raise missing()
    lines = [each.strip() for each in visit.said("guests", most=20_000).splitlines() if each.strip()]
    found = [_address(each) for each in lines]
    guests = [each for each in found if each]
    if wrong := [number for number, each in enumerate(found, 1) if each is None]:
        error = words["bad_guests"].format(lines=", ".join(map(str, wrong[:10])))
        return await _page(visit, key, {"guests": error}, status=422)
    if len(guests) > _MOST_GUESTS:
        return await _page(visit, key, {"guests": words["many_guests"].format(most=_MOST_GUESTS)}, status=422)
    before, after = {"guests": len(key.guests)}, {"guests": len(set(guests))}
    entry = visit.entry("key.guests_set", key.name, agency=key.agency, before=before, after=after)
    await visit.write(lambda tx: _invite(tx, key.id, guests), entry)
    return await visit.redirect(f"/khoa-api/{key.id}", words["guests_note"].format(number=len(set(guests))))


async def _invite(tx: Transaction, key_id: str, guests: Sequence[Address]) -> bool:
    await tx.api.invite(key_id, guests)
    return True


def _address(line: str) -> Address | None:
    """A phone, or a chat as `zalo:123456789`."""
    scheme, colon, value = line.partition(":")
    if colon and scheme.strip() in _CHATS and value.strip() and len(value) < 100:
        return Address(scheme.strip(), value.strip())
    phone = parse_phone(line)
    return Address("sms", phone.e164) if phone and phone.kind == "mobile" else None


def _written(key: str) -> str:
    return key.removeprefix("sms:")
