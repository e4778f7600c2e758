"""The door: password, second factor, letters of invitation, and the phone that becomes the second factor."""

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

import segno
from aiohttp import web
from markupsafe import Markup

from bot.accounts import Accounts, Needs, Opened
from bot.joining import Joining
from bot.model.staff import Member, StaffInvitation
from bot.second_factor import enrolment_address
from bot.staff_fields import Refusal
from bot.web.console.browsers import browser_of
from bot.web.console.colleagues import colleagues
from bot.web.console.console import Console
from bot.web.console.gate import keep
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit
from bot.web.prefix import PREFIX
from bot.web.rates import Allowance, Buckets, network_of

_BELOW = re.compile(r"(?:/[A-Za-z0-9._~%-]*)+(?:\?[A-Za-z0-9._~%/:=&+-]*)?")
_TOTP_BYTES = 20
"""Of a secret, as RFC 4226 recommends."""


def routes(console: Console) -> Sequence[Route]:
    entrance = Entrance(console)
    return [
        Route("GET", "/dang-nhap", entrance.ask, None, is_open=True),
        Route("POST", "/dang-nhap", entrance.enter, None, is_open=True),
        Route("GET", "/dang-nhap/ma", entrance.ask_code, None, half_open=True),
        Route("POST", "/dang-nhap/ma", entrance.prove, None, half_open=True),
        Route("GET", "/toi/hai-lop", entrance.show_square, None, half_open=True),
        Route("POST", "/toi/hai-lop", entrance.enrol, None, half_open=True),
        Route("GET", "/loi-moi/{secret}", entrance.show_letter, None, is_open=True),
        Route("POST", "/loi-moi/{secret}", entrance.join, None, is_open=True),
    ]


class Entrance:
    """What strangers and half-known people are shown, and what becomes of what they send."""

    def __init__(self, console: Console) -> None:
        rules = console.config.console
        self._attempts = Buckets(console.clock, Allowance.per_minute(rules.door_per_minute))

    async def ask(self, visit: Visit) -> web.Response:
        """The page at which a session begins; who has one goes on."""
        wanted = below(visit.asked("tiep", most=1_000))
        if visit.session and visit.session.proved_at:
            return await visit.redirect(wanted)
        return asking(visit, wanted)

    async def enter(self, visit: Visit) -> web.Response:
        self.slow_down(visit)
        wanted = below(visit.said("tiep"))
        opened = await accounts_of(visit).enter(visit.said("login"), _untrimmed(visit, "password"), browser_of(visit))
        if opened is None:
            return asking(visit, wanted, error="refused")
        return into(visit, opened, wanted)

    async def ask_code(self, visit: Visit) -> web.Response:
        wanted = below(visit.asked("tiep", most=1_000))
        if visit.session and visit.session.proved_at:
            return await visit.redirect(wanted)
        if not await _has_totp(visit):
            return await visit.redirect(f"/toi/hai-lop{_after(wanted)}")
        return visit.page("entry_code.html", wanted=wanted, error="")

    async def prove(self, visit: Visit) -> web.Response:
        self.slow_down(visit)
        wanted = below(visit.said("tiep"))
        session = visit.session
        if session is None or session.proved_at:
            return await visit.redirect(wanted)
        opened = await accounts_of(visit).prove(session, visit.said("code", most=100))
        if opened:
            return into(visit, opened, wanted)
        if await visit.storage.read(lambda tx: tx.staff.session(session.digest)) is None:
            return asking(replace(visit, session=None, member=None), wanted, error="ended")
        return visit.page("entry_code.html", status=403, wanted=wanted, error=visit.words["entry"]["code_wrong"])

    async def show_square(self, visit: Visit) -> web.Response:
        """The square with the secret, for who has no second factor yet, or renews it."""
        wanted = below(visit.asked("tiep", most=1_000))
        return await self._square(visit, wanted)

    async def enrol(self, visit: Visit) -> web.Response:
        self.slow_down(visit)
        wanted, session = below(visit.said("tiep")), visit.session
        if session is None:
            raise RefusedError(401, "logged_out")
        done = await accounts_of(visit).enrol(
            session, _secret_for(visit), _digits(visit.said("code", most=100)), proof=visit.said("proof", most=100)
        )
        if done is None:
            return await self._square(visit, wanted, status=403, error=visit.words["entry"]["code_wrong"])
        opened, codes = done
        token = visit.console.seal("form", opened.session.digest)
        inside = replace(visit, session=opened.session, member=opened.member, token=token)
        response = inside.page("entry_codes.html", codes=codes, wanted=wanted, is_new=True)
        keep(visit.console, response, "staff", opened.secret)
        return response

    async def _square(self, visit: Visit, wanted: str, *, status: int = 200, error: str = "") -> web.Response:
        renews = await _has_totp(visit)
        if visit.session and renews and not visit.session.proved_at:
            return await visit.redirect(f"/dang-nhap/ma{_after(wanted)}")
        secret = _secret_for(visit)
        address = enrolment_address(secret, visit.me.login, visit.config.console.issuer)
        groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        return visit.page(
            "entry_square.html", status=status, wanted=wanted, error=error, renews=renews, groups=groups,
            address=address, square=_drawn(address),
        )  # fmt: skip

    async def show_letter(self, visit: Visit) -> web.Response:
        """Looking at it does not use it up: programs that look at links in mails must not."""
        letter = await joining_of(visit).letter(visit.part("secret"))
        if letter is None:
            return visit.page("entry_void.html", status=404)
        return await _letter(visit, letter, letter.name)

    async def join(self, visit: Visit) -> web.Response:
        self.slow_down(visit)
        secret, name, password = visit.part("secret"), visit.said("name", most=500), _untrimmed(visit, "password")
        letter = await joining_of(visit).letter(secret)
        if letter is None:
            return visit.page("entry_void.html", status=404)
        problem: Member | Refusal | str = "differs"
        if password == _untrimmed(visit, "again"):
            problem = await joining_of(visit).accept(secret, name, password)
        if isinstance(problem, Member):
            opened = await accounts_of(visit).vouched(problem.id, browser_of(visit), is_strong=False, way="invitation")
            return into(visit, opened, "/") if opened else visit.page("entry_void.html", status=404)
        if problem is Refusal.MISSING:
            return visit.page("entry_void.html", status=404)
        where = {Refusal.NAME: "name", "differs": "again"}.get(problem, "password")
        error = (where, visit.words["entry"]["weak"][str(problem)])
        return await _letter(visit, letter, name, status=422, error=error)

    def slow_down(self, visit: Visit) -> None:
        """Turns away a network from which too many attempts come."""
        if self._attempts.take(network_of(visit.request, visit.config.web.trusted_proxies)):
            raise RefusedError(429, "too_many")


def accounts_of(visit: Visit) -> Accounts:
    return Accounts(visit.storage, visit.config.console, visit.console.clock, visit.console.random_token)


def joining_of(visit: Visit) -> Joining:
    return Joining(visit.storage, visit.console.clock, visit.app.new_id)


def asking(visit: Visit, wanted: str, *, error: str = "") -> web.Response:
    """The page at the door. `error`: which sentence; one and the same for whatever kept somebody out."""
    openid = visit.config.console.openid
    return visit.page(
        "entry.html",
        status=403 if error else 200,
        wanted=wanted,
        login=visit.said("login")[:100],
        error=visit.words["entry"][error] if error else "",
        provider=openid.name if openid.issuer else "",
    )


def into(visit: Visit, opened: Opened, wanted: str) -> web.Response:
    """On, with the new session's cookie: to where she wanted, or to what must come first."""
    first = {Needs.CODE: "/dang-nhap/ma", Needs.SET_UP: "/toi/hai-lop"}.get(opened.needs)
    where = f"{first}{_after(wanted)}" if first else wanted
    response = web.Response(status=303, headers={"Location": f"{PREFIX}{where}"})
    console = visit.console
    keep(console, response, "staff", opened.secret)
    response.del_cookie(console.cookie("door"), path="/", secure=console.is_secure, httponly=True)
    return response


def below(wanted: str) -> str:
    """`wanted` where it is the address of a page of ours below `/can-bo`; else the first page: no other site, no way
    up, no line end, and not the door itself."""
    plain = unquote(wanted)
    is_ours = _BELOW.fullmatch(wanted) and "//" not in plain and ".." not in plain and "\\" not in plain
    if not is_ours or not plain.isprintable() or plain.startswith(("/dang-", "/toi/hai-lop", "/loi-moi")):
        return "/"
    return wanted


def _after(wanted: str) -> str:
    return "" if wanted == "/" else f"?tiep={quote(wanted, safe='')}"


async def _letter(
    visit: Visit, letter: StaffInvitation, name: str, *, status: int = 200, error: tuple[str, str] = ("", "")
) -> web.Response:
    """Who was invited knows colleagues by their names, and is a stranger to us until the letter is used."""
    by = replace(visit, names=await colleagues(visit.storage)).who(letter.by)
    return visit.page("entry_letter.html", status=status, letter=letter, by=by, name=name, error=error)


async def _has_totp(visit: Visit) -> bool:
    credentials = await visit.storage.read(lambda tx: tx.staff.credentials(visit.me.id))
    return bool(credentials.totp)


def _secret_for(visit: Visit) -> str:
    """The secret that this session offers to a phone: the same each time it is shown, kept only once a code proves
    that the phone has it."""
    if visit.session is None:
        raise RefusedError(401, "logged_out")
    raw = bytes.fromhex(visit.console.seal("totp", visit.session.digest))
    return base64.b32encode(raw[:_TOTP_BYTES]).decode()


def _drawn(address: str) -> Markup:
    """As SVG within the page, without styles and scripts. The text is in the picture's modules alone."""
    return Markup(segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff"))  # noqa: S704


def _digits(text: str) -> str:
    return "".join(text.split())


def _untrimmed(visit: Visit, name: str) -> str:
    """A password as it was typed, spaces at its ends included."""
    value = visit.form.get(name, "")
    return value[:1_000] if isinstance(value, str) else ""
