"""What all pages of the console share: the service behind them, how they look, the secret that signs their forms."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from bot.config import Config
from bot.model.clock import Clock
from bot.model.staff import digest_of as digest_of
from bot.ports import Storage
from bot.service import App
from bot.web.console.show import Show


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The console as a whole."""

    app: App
    secret: bytes = field(repr=False)
    show: Show = field(default_factory=Show)
    random_token: Callable[[], str] = field(default=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def storage(self) -> Storage:
        return self.app.storage

    @property
    def config(self) -> Config:
        return self.app.plan.config

    @property
    def clock(self) -> Clock:
        return self.app.clock

    @property
    def is_secure(self) -> bool:
        """Reached over TLS, and so are its cookies."""
        return self.config.web.behind_tls

    def cookie(self, name: str) -> str:
        """The prefix makes browsers refuse a cookie planted from a neighbouring host or over http."""
        return f"__Host-motcua-{name}" if self.is_secure else f"motcua-{name}"

    def seal(self, purpose: str, value: str) -> str:
        """What only we can have made of it."""
        return hmac.digest(self.secret, f"console:{purpose}:{value}".encode(), sha256).hex()
