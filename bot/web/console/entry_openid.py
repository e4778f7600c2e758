"""The door for those whom the province's identity provider vouches for (OpenID Connect)."""

import hmac
from collections.abc import Sequence
from urllib.parse import quote, unquote

from aiohttp import web

from bot.openid import Provider
from bot.web.console.browsers import browser_of, origin_of
from bot.web.console.console import Console
from bot.web.console.entry import accounts_of, asking, below, into, joining_of
from bot.web.console.gate import keep
from bot.web.console.route import Route
from bot.web.console.visit import RefusedError, Visit, missing
from bot.web.prefix import PREFIX
from bot.web.rates import Allowance, Buckets, network_of

_SECONDS = 600
"""For which somebody may stay at the provider."""


def routes(console: Console) -> Sequence[Route]:
    way = Way(console)
    return [
        # Addresses that are followed, not forms: browsers let no form lead to another site here (form-action).
        Route("GET", "/dang-nhap/openid", way.go, None, is_open=True),
        Route("GET", "/dang-nhap/openid/ve", way.come_back, None, is_open=True),
    ]


class Way:
    """To the provider and back. The browser's cookie holds what proves that it is the same one that left."""

    def __init__(self, console: Console) -> None:
        rules = console.config.console
        self._provider = Provider(rules.openid, console.clock) if rules.openid.issuer else None
        self._attempts = Buckets(console.clock, Allowance.per_minute(rules.door_per_minute))

    async def go(self, visit: Visit) -> web.Response:
        provider = self._open(visit)
        wanted = below(visit.asked("tiep", most=1_000))
        state = visit.console.random_token()
        address = await provider.address(
            _back(visit), state=state, nonce=_nonce(visit, state), verifier=_verifier(visit, state)
        )
        if address is None:
            return asking(visit, wanted, error="openid_silent")
        response = web.Response(status=303, headers={"Location": address})
        keep(visit.console, response, "openid", state, seconds=_SECONDS)
        keep(visit.console, response, "wanted", quote(wanted, safe=""), seconds=_SECONDS)
        return response

    async def come_back(self, visit: Visit) -> web.Response:
        """With a code for us, if the provider and the person will."""
        provider = self._open(visit)
        state, wanted = _kept(visit)
        said = visit.asked("state", most=500)
        is_same = bool(state) and hmac.compare_digest(said.encode(), state.encode())
        code = visit.asked("code", most=4_000)
        response = None
        if is_same and code:
            response = await self._let_in(visit, provider, code, state, wanted)
        answer = response or asking(visit, wanted, error="openid_refused")
        for name in ("openid", "wanted"):
            answer.del_cookie(visit.console.cookie(name), path="/", secure=visit.console.is_secure, httponly=True)
        return answer

    async def _let_in(
        self, visit: Visit, provider: Provider, code: str, state: str, wanted: str
    ) -> web.Response | None:
        identity = await provider.identify(
            code, _back(visit), nonce=_nonce(visit, state), verifier=_verifier(visit, state)
        )
        member = await joining_of(visit).recognised(identity.subject, identity.email) if identity else None
        if identity is None or member is None:
            return None
        opened = await accounts_of(visit).vouched(member.id, browser_of(visit), is_strong=identity.is_strong)
        return into(visit, opened, wanted) if opened else None

    def _open(self, visit: Visit) -> Provider:
        if self._provider is None:
            raise missing()
        if self._attempts.take(network_of(visit.request, visit.config.web.trusted_proxies)):
            raise RefusedError(429, "too_many")
        return self._provider


def _back(visit: Visit) -> str:
    """Our address, as the provider has it in its list."""
    return f"{origin_of(visit)}{PREFIX}/dang-nhap/openid/ve"


def _kept(visit: Visit) -> tuple[str, str]:
    """(state, where she wanted to go) from the cookies."""
    cookies, name = visit.request.cookies, visit.console.cookie
    return cookies.get(name("openid"), ""), below(unquote(cookies.get(name("wanted"), "/")))


def _nonce(visit: Visit, state: str) -> str:
    return visit.console.seal("openid-nonce", state)


def _verifier(visit: Visit, state: str) -> str:
    """64 letters and digits: within what RFC 7636 asks, and known to nobody who sees the state."""
    return visit.console.seal("openid-verifier", state)
