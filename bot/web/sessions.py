"""Who is reading: an anonymous session in a signed cookie, and the token that proves a form is ours."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from aiohttp import web

from bot.model.clock import to_millis
from bot.model.person import Address
from bot.web.context import SCHEME, WebContext

KEPT = timedelta(days=7)
"""How long a session lives after its last page view, and how far back its conversation is shown."""

_ID_BYTES = 16
_ID_LENGTH = 22
_LONGEST_COOKIE = 200


@dataclass(frozen=True, slots=True)
class Session:
    """One visitor's browser; 128 random bits. Nobody else can read what is sent to its address."""

    id: str

    @property
    def address(self) -> Address:
        return Address(SCHEME, self.id)


class Sessions:
    """Opens, starts and keeps sessions; keeps no table of them."""

    def __init__(self, context: WebContext) -> None:
        self._secret = context.secret
        self._clock = context.clock
        self._random_bytes = context.random_bytes
        self._secure = context.settings.behind_tls
        # The prefix makes browsers refuse a cookie planted from a neighbouring host or over http.
        self.cookie = "__Host-motcua" if self._secure else "motcua"

    def of(self, request: web.BaseRequest) -> Session | None:
        """The session whose cookie this is; None where it is missing, forged or too old."""
        cookie = request.cookies.get(self.cookie, "")
        if len(cookie) > _LONGEST_COOKIE or not cookie.isascii():
            return None
        identity, issued, seal = [*cookie.split("."), "", ""][:3]
        if not hmac.compare_digest(seal, self._seal("session", f"{identity}.{issued}")):
            return None
        return Session(identity) if self._is_fresh(int(issued)) else None

    def start(self) -> Session:
        return Session(_plain(self._random_bytes(_ID_BYTES))[:_ID_LENGTH])

    def keep(self, response: web.StreamResponse, session: Session) -> None:
        """Puts the cookie into the answer, good for `KEPT` from now."""
        stated = f"{session.id}.{to_millis(self._clock())}"
        response.set_cookie(
            self.cookie,
            f"{stated}.{self._seal('session', stated)}",
            max_age=int(KEPT.total_seconds()),
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Lax",
        )

    def token(self, session: Session) -> str:
        """Goes into every form; another site cannot know it."""
        return self._seal("form", session.id)

    def trusts(self, session: Session, token: str) -> bool:
        return token.isascii() and hmac.compare_digest(token, self.token(session))

    def _seal(self, purpose: str, value: str) -> str:
        return _plain(hmac.digest(self._secret, f"{purpose}:{value}".encode(), sha256))

    def _is_fresh(self, issued: int) -> bool:
        now: datetime = self._clock()
        return issued > to_millis(now - KEPT)


def _plain(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
