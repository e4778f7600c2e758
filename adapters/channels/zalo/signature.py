"""Whether an event was signed with our account's secret.

`X-ZEvent-Signature: mac=<hex>` is the plain SHA-256 (no HMAC) of app id, body, timestamp and secret in a row.
The body counts as it came, byte for byte. Where integrators disagree — the account's id in place of the app's, the
timestamp of the header in place of the body's — either is taken: each needs the secret all the same.
"""

import hashlib
import hmac
from collections.abc import Iterable

from bot.ports import WebhookRequest


class Seal:
    """The secret of one account."""

    def __init__(self, secret: str, identities: Iterable[str]) -> None:
        self._secret = secret.encode()
        self._identities = [identity.encode() for identity in identities if identity]

    def is_on(self, request: WebhookRequest, timestamp: str) -> bool:
        """`timestamp` as the body has it; empty where it has none. Takes as long for a wrong mac as for a right one."""
        given = request.headers.get("x-zevent-signature", "").strip()
        given = given.removeprefix("mac=").strip().lower()
        moments = {timestamp, request.headers.get("x-zevent-timestamp", "").strip()} - {""}
        matches = [
            hmac.compare_digest(mac.encode(), given.encode("utf-8", "replace"))
            for identity in self._identities
            for moment in sorted(moments)
            for mac in [self._mac(identity, request.body, moment)]
        ]
        return any(matches)

    def _mac(self, identity: bytes, body: bytes, moment: str) -> str:
        return hashlib.sha256(identity + body + moment.encode("utf-8", "replace") + self._secret).hexdigest()
