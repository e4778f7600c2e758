"""Who is reading: an anonymous session in a signed cookie, and the token that proves a form is ours."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from aiohttp import web

from bot.model.clock import to_millis
from bot.model.person import Address
from bot.web.context import SCHEME, WebContext

KEPT = timedelta(days=7)
"""How long a session lives after its last page view, and how far back its conversation is shown."""

KEPT_IN_FORM = timedelta(hours=1)
"""How long a session lives that a form carries: as long as somebody may take to fill it in."""

_ID_BYTES = 16
_ID_LENGTH = 22
_LONGEST_SEALED = 200


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
        return self._opened(request.cookies.get(self.cookie, ""), "session", KEPT)

    def start(self) -> Session:
        return Session(_plain(self._random_bytes(_ID_BYTES))[:_ID_LENGTH])

    def keep(self, response: web.StreamResponse, session: Session) -> None:
        """Puts the cookie into the answer, good for `KEPT` from now."""
        response.set_cookie(
            self.cookie,
            self._closed(session, "session"),
            max_age=int(KEPT.total_seconds()),
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Lax",
        )

    def sealed(self, session: Session) -> str:
        """The session itself, for a form in a frame: a browser that keeps no cookie there brings it back. Good for
        `KEPT_IN_FORM`, and no cookie."""
        return self._closed(session, "frame")

    def unsealed(self, value: str) -> Session | None:
        """What `sealed` has made; None where it is forged or too old."""
        return self._opened(value, "frame", KEPT_IN_FORM)

    def token(self, session: Session) -> str:
        """Goes into every form; another site cannot know it."""
        return self._seal("form", session.id)

    def trusts(self, session: Session, token: str) -> bool:
        return token.isascii() and hmac.compare_digest(token, self.token(session))

    def _closed(self, session: Session, purpose: str) -> str:
        stated = f"{session.id}.{to_millis(self._clock())}"
        return f"{stated}.{self._seal(purpose, stated)}"

    def _opened(self, value: str, purpose: str, kept: timedelta) -> Session | None:
        if len(value) > _LONGEST_SEALED or not value.isascii():
            return None
        identity, issued, seal = [*value.split("."), "", ""][:3]
        if not hmac.compare_digest(seal, self._seal(purpose, f"{identity}.{issued}")):
            return None
        return Session(identity) if int(issued) > to_millis(self._clock() - kept) else None

    def _seal(self, purpose: str, value: str) -> str:
        return _plain(hmac.digest(self._secret, f"{purpose}:{value}".encode(), sha256))


def _plain(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
