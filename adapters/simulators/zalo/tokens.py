"""Zalo's OAuth for Official Accounts: access tokens of a day, refresh tokens that are good once, consent codes."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass

from adapters.simulators.zalo.settings import Settings

_REFRESH_SECONDS = 90 * 24 * 3600
_CODE_SECONDS = 600


@dataclass(eq=False)
class OAuthRefusal(Exception):  # noqa: N818 - an ordinary answer
    """An OAuth error. Of its numbers only -14002 and -14003 are known for certain; what tells an error from a pair of
    tokens is that it has no `access_token`."""

    error: int
    name: str
    reason: str

    def body(self) -> dict[str, object]:
        return {
            "error_name": self.name,
            "error_reason": self.reason,
            "ref_doc": "https://developers.zalo.me/docs/official-account",
            "error_description": self.reason,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class _Code:
    challenge: str
    ends: float


class Tokens:
    """What was issued. Times are Unix seconds."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.token_seconds
        self._access = {settings.access_token: time.time() + settings.token_seconds}
        self._refresh = {settings.refresh_token: time.time() + _REFRESH_SECONDS}
        self._codes: dict[str, _Code] = {}
        self.rotations = 0
        """Pairs that were issued."""

    def consented(self, challenge: str) -> str:
        """A code for somebody who has consented."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(challenge, time.time() + _CODE_SECONDS)
        return code

    def exchanged(self, code: str, verifier: str) -> dict[str, str]:
        """A pair for a code, once, within ten minutes and by who began it. Raises `OAuthRefusal`."""
        known = self._codes.pop(code, None)
        if known is None or known.ends < time.time():
            raise OAuthRefusal(-14016, "Invalid authorization code", "Authorization code is invalid or expired")
        if known.challenge and known.challenge != _challenge(verifier):
            raise OAuthRefusal(-14017, "Invalid code verifier", "Code verifier is invalid")
        return self._pair()

    def refreshed(self, refresh_token: str) -> dict[str, str]:
        """Another pair; `refresh_token` is used up. Raises `OAuthRefusal`."""
        if self._refresh.pop(refresh_token, 0.0) < time.time():
            raise OAuthRefusal(-14014, "Invalid refresh token", "Refresh token is invalid")
        return self._pair()

    def trouble(self, access_token: str) -> int:
        """0 for a good one, -216 for one that was never issued or was taken back, -220 for one that has expired."""
        ends = self._access.get(access_token)
        if ends is None:
            return -216
        return 0 if time.time() < ends else -220

    def end(self, access_token: str) -> None:
        self._access.pop(access_token, None)

    def expire(self) -> None:
        """All access tokens are over."""
        self._access = dict.fromkeys(self._access, 0.0)

    def _pair(self) -> dict[str, str]:
        self.rotations += 1
        access, refresh = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        self._access[access] = time.time() + self._seconds
        self._refresh[refresh] = time.time() + _REFRESH_SECONDS
        return {"access_token": access, "refresh_token": refresh, "expires_in": str(self._seconds)}


def _challenge(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
