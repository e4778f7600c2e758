"""Who calls: a key, a signature, or a session that was opened with a password. Any one of them is enough."""

import hmac
from collections.abc import Iterable
from datetime import timedelta
from hashlib import scrypt, sha256

from adapters.sources.push.settings import Settings
from bot.model.clock import Clock
from bot.ports import WebhookRequest

_LONGEST_NUMBER = 12
"""Digits of seconds since 1970."""
_LONGEST_SESSION = 200


class Credentials:
    """Judges callers; keeps no table, so a restart ends no session and a new password ends them all."""

    def __init__(self, source: str, settings: Settings, clock: Clock) -> None:
        self._keys = [key.get_secret_value().encode() for key in settings.keys]
        self._signing_keys = [key.get_secret_value().encode() for key in settings.signing_keys]
        self._passwords = {user: word.get_secret_value().encode() for user, word in settings.users.items()}
        self._sealing_keys = {user: _sealing_key(source, user, word) for user, word in self._passwords.items()}
        self._window = settings.signature_window
        self._lifetime = timedelta(seconds=settings.session_seconds)
        self._clock = clock

    def admits(self, request: WebhookRequest) -> bool:
        """Whether the headers prove who calls."""
        scheme, _, session = request.headers.get("authorization", "").partition(" ")
        return (
            _is_among(_bytes(request.headers.get("x-api-key", "")), self._keys)
            or self._is_signed(request)
            or (scheme.lower() == "bearer" and self.knows(session.strip()))
        )

    def log_in(self, user: object, password: object) -> str | None:
        """A session; None for a wrong name or password."""
        if not isinstance(user, str) or not isinstance(password, str):
            return None
        known = self._passwords.get(user)
        # Compared even for a stranger's name, so that names cannot be told apart by the time that it takes.
        is_right = _is_among(_bytes(password), [known or b""])
        if known is None or not is_right:
            return None
        expires = str(int((self._clock() + self._lifetime).timestamp()))
        return f"{expires}.{_seal(self._sealing_keys[user], expires)}"

    def knows(self, session: object) -> bool:
        """Whether it is a session of ours that has not ended."""
        if not isinstance(session, str) or len(session) > _LONGEST_SESSION:
            return False
        expires, _, seal = session.partition(".")
        seals = [_seal(key, expires).encode() for key in self._sealing_keys.values()]
        return _is_among(_bytes(seal), seals) and int(expires) > self._clock().timestamp()

    def _is_signed(self, request: WebhookRequest) -> bool:
        timestamp = request.headers.get("x-timestamp", "")
        kind, _, signature = request.headers.get("x-signature", "").partition("=")
        if kind != "sha256" or not _is_number(timestamp):
            return False
        if abs(self._clock().timestamp() - int(timestamp)) > self._window:
            return False
        signed = timestamp.encode() + b"." + request.body
        right = [hmac.new(key, signed, sha256).hexdigest().encode() for key in self._signing_keys]
        return _is_among(_bytes(signature.lower()), right)


def _sealing_key(source: str, user: str, password: bytes) -> bytes:
    """Slow on purpose: whoever gets hold of a session cannot try passwords on it at any speed worth having."""
    return scrypt(password, salt=f"motcua-bot push {source} {user}".encode(), n=1 << 14, r=8, p=1, dklen=32)


def _seal(key: bytes, stated: str) -> str:
    return hmac.new(key, _bytes(stated), sha256).hexdigest()


def _is_among(given: bytes, known: Iterable[bytes]) -> bool:
    """In constant time, whatever the lengths, and without telling which one it was."""
    digest, found = sha256(given).digest(), False
    for each in known:
        found |= hmac.compare_digest(digest, sha256(each).digest())
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _bytes(text: str) -> bytes:
    # Half a character, as a header or `\ud800` may hold: it matches nothing, and must not fail.
    return text.encode("utf-8", "surrogatepass")
