"""Log-in by an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636).

What comes back from the browser proves nothing; only an id_token that our own call fetched, signed with a key of the
provider, made for us, for this browser and for now.
"""

import base64
import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from pydantic import BaseModel, Field, ValidationError

from bot.console_settings import OpenIdSettings
from bot.model.clock import Clock

log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Of signatures that only the provider can make: neither `none`, nor one made with the secret that we know too."""
STRONG = frozenset({"mfa", "otp"})
"""Authentication methods (RFC 8176) that say that there was a second factor."""

_SECONDS = 10
_LEEWAY = 60
"""Seconds by which two clocks may differ."""
_FRESH = timedelta(hours=1)
"""How long what the provider says of itself is believed."""
_KEYS_AGAIN = timedelta(seconds=30)
"""A key that we do not know makes us ask for the keys, no oftener."""
_MOST = 256 * 1024
"""Bytes of an answer."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for."""

    subject: str
    """Unique at this provider, for ever."""
    email: str = field(repr=False)
    """Verified by the provider; else empty."""
    is_strong: bool
    """A second factor was given there."""


class _Discovery(BaseModel):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Token(BaseModel):
    id_token: str = Field(max_length=32_768)
    access_token: str = Field("", max_length=32_768)


class _Claims(BaseModel):
    sub: str = Field(min_length=1, max_length=255)
    aud: str | tuple[str, ...]
    nonce: str
    azp: str = ""
    amr: tuple[str, ...] = ()
    email: str = ""
    email_verified: bool = False


class RefusedTokenError(Exception):
    """The provider's answer is not what it must be. The message holds nothing of it."""


class Provider:
    """The configured provider. What it says of itself is kept for an hour."""

    def __init__(self, settings: OpenIdSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._known: tuple[datetime, _Discovery] | None = None
        self._keys: tuple[datetime, jwt.PyJWKSet] | None = None

    async def address(self, back: str, *, state: str, nonce: str, verifier: str) -> str | None:
        """To where the browser is sent; `back`: to where it returns. None: the provider cannot be reached."""
        try:
            async with _session() as http:
                provider = await self._discovered(http)
        except (ClientError, TimeoutError, ValueError, RecursionError, RefusedTokenError) as error:
            log.warning("the OpenID provider cannot be asked: %s", _reason(error))
            return None
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in provider.authorization_endpoint else "?"
        return f"{provider.authorization_endpoint}{joint}{urlencode(asked)}"

    async def identify(self, code: str, back: str, *, nonce: str, verifier: str) -> Identity | None:
        """Who has come back with this code. None: nobody whom we may believe; the log has the reason."""
        try:
            async with _session() as http:
                provider = await self._discovered(http)
                token = await self._redeemed(http, provider, code, back, verifier)
                claims = await self._checked(http, provider, token.id_token, nonce)
                email = await self._email(http, provider, token, claims)
        except (ClientError, TimeoutError, ValueError, RecursionError, jwt.PyJWTError, RefusedTokenError) as error:
            log.warning("a log-in by OpenID was refused: %s", _reason(error))
            return None
        return Identity(f"{provider.issuer}#{claims.sub}", email, bool(STRONG & set(claims.amr)))

    async def _discovered(self, http: ClientSession) -> _Discovery:
        now = self._clock()
        if self._known and now - self._known[0] < _FRESH:
            return self._known[1]
        issuer = str(self._settings.issuer).rstrip("/")
        if not _is_safe(issuer):
            raise RefusedTokenError("[console.openid] issuer is an address without TLS")
        async with http.get(f"{issuer}/.well-known/openid-configuration", allow_redirects=False) as answer:
            found = _Discovery.model_validate(await _json(answer))
        if found.issuer.rstrip("/") != issuer:
            raise RefusedTokenError("the provider calls itself otherwise than the configuration does")
        addresses = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint]
        if not all(_is_safe(each) for each in addresses if each):
            raise RefusedTokenError("the provider names an address without TLS")
        self._known = (now, found)
        return found

    async def _redeemed(self, http: ClientSession, provider: _Discovery, code: str, back: str, verifier: str) -> _Token:
        """The tokens for a code; only who has the verifier gets them."""
        name, secret = self._settings.client_id, self._settings.client_secret.get_secret_value()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        by_header = secret and "client_secret_basic" in provider.token_endpoint_auth_methods_supported
        if not by_header:
            form |= {"client_id": name} | ({"client_secret": secret} if secret else {})
        headers = {"Authorization": _basic(name, secret)} if by_header else {}
        async with http.post(provider.token_endpoint, data=form, headers=headers, allow_redirects=False) as answer:
            return _Token.model_validate(await _json(answer))

    async def _checked(self, http: ClientSession, provider: _Discovery, token: str, nonce: str) -> _Claims:
        """Raises unless it is the provider's, for us, for now, for this browser (OpenID Connect Core 3.1.3.7)."""
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise RefusedTokenError("signed in a way that we do not take")
        key = await self._key(http, provider, str(header.get("kid", "")))
        read: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=self._settings.client_id,
            issuer=provider.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        claims = _Claims.model_validate(read)
        several = isinstance(claims.aud, tuple) and len(claims.aud) > 1
        if (several or claims.azp) and claims.azp != self._settings.client_id:
            raise RefusedTokenError("made for another client")
        if not compare_digest(claims.nonce.encode(), nonce.encode()):
            raise RefusedTokenError("made for another browser")
        return claims

    async def _key(self, http: ClientSession, provider: _Discovery, name: str) -> jwt.PyJWK:
        now = self._clock()
        found = _named(self._keys[1], name) if self._keys and now - self._keys[0] < _FRESH else None
        if found is None and (self._keys is None or now - self._keys[0] > _KEYS_AGAIN):
            async with http.get(provider.jwks_uri, allow_redirects=False) as answer:
                self._keys = (now, _key_set(await _json(answer)))
            found = _named(self._keys[1], name)
        if found is None:
            raise RefusedTokenError("signed with a key that is not the provider's")
        return found

    async def _email(self, http: ClientSession, provider: _Discovery, token: _Token, claims: _Claims) -> str:
        if claims.email or not provider.userinfo_endpoint or not token.access_token:
            return claims.email if claims.email_verified else ""
        headers = {"Authorization": f"Bearer {token.access_token}"}
        async with http.get(provider.userinfo_endpoint, headers=headers, allow_redirects=False) as answer:
            said = await _json(answer)
        is_theirs = said.get("sub") == claims.sub and said.get("email_verified") is True
        return str(said.get("email", "")) if is_theirs else ""


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _basic(name: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: both are form-encoded first."""
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _session() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=_SECONDS))


async def _json(answer: ClientResponse) -> dict[str, Any]:
    if answer.status != 200:
        raise RefusedTokenError(f"the provider answered {answer.status}")
    body = b""
    async for chunk in answer.content.iter_chunked(16_384):
        body += chunk
        if len(body) > _MOST:
            raise RefusedTokenError("the provider's answer is too long")
    read = json.loads(body)
    if not isinstance(read, dict):
        raise RefusedTokenError("the provider's answer is no object")
    return read


def _key_set(said: dict[str, Any]) -> jwt.PyJWKSet:
    """Raises `jwt.PyJWTError`, or `RefusedTokenError` for keys that are no objects, over which the library stumbles."""
    try:
        return jwt.PyJWKSet.from_dict(said)
    except (AttributeError, KeyError, TypeError):
        raise RefusedTokenError("the provider's keys cannot be read") from None


def _named(keys: jwt.PyJWKSet, name: str) -> jwt.PyJWK | None:
    """The key of that name; where the token names none, the only one."""
    signing = [each for each in keys.keys if each.public_key_use in (None, "sig")]
    if not name:
        return signing[0] if len(signing) == 1 else None
    return next((each for each in signing if each.key_id == name), None)


def _is_safe(address: str) -> bool:
    """By TLS, or on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def _reason(error: Exception) -> str:
    """Never the words of what came from outside."""
    return str(error) if isinstance(error, RefusedTokenError) else _kind(error)


def _kind(error: Exception) -> str:
    return "not readable" if isinstance(error, ValidationError | json.JSONDecodeError) else type(error).__name__
