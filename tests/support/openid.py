"""A small OpenID provider on localhost: real keys, real endpoints, one person who is always willing."""

import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.demo.processes import free_port

CLIENT = "motcua"
CLIENT_SECRET = "a secret of the client"


@dataclass
class Provider:
    """What it says of the person, and how it may be wrong."""

    issuer: str
    subject: str = "u-1"
    email: str = "lan@tinh.gov.vn"
    email_verified: bool = True
    amr: tuple[str, ...] = ("pwd",)
    wrong: dict[str, Any] = field(default_factory=dict)
    """Claims of the id_token that are otherwise than they should be; None: not there."""
    signature: str = "ours"
    """ours | foreign | none | hmac"""
    email_in_token: bool = True
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    foreign: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    redeemed: int = 0
    is_silent: bool = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/.well-known/openid-configuration", self.discovery),
            web.get("/authorize", self.authorize),
            web.post("/token", self.token),
            web.get("/jwks", self.jwks),
            web.get("/userinfo", self.userinfo),
        ]

    async def discovery(self, request: web.Request) -> web.Response:
        if self.is_silent:
            return web.Response(status=503)
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
        )

    async def authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return web.Response(
            status=302, headers={"Location": f"{asked['redirect_uri']}?code={code}&state={asked['state']}"}
        )

    async def token(self, request: web.Request) -> web.Response:
        """A code is good once, for the client that asked, for who has the verifier."""
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        challenge = urlsafe_b64encode(sha256(str(form["code_verifier"]).encode()).digest()).rstrip(b"=").decode()
        name, _, secret = b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        is_known = (unquote_plus(name), unquote_plus(secret)) == (CLIENT, CLIENT_SECRET)
        if asked is None or asked["code_challenge"] != challenge or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        if not is_known:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.redeemed += 1
        return web.json_response({"access_token": "at", "token_type": "Bearer", "id_token": self.signed(asked)})

    def signed(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "amr": list(self.amr),
        }  # fmt: skip
        if self.email_in_token:
            claims |= {"email": self.email, "email_verified": self.email_verified}
        claims = {name: value for name, value in {**claims, **self.wrong}.items() if value is not None}
        headers = {"kid": "k1"}
        match self.signature:
            case "none":
                return jwt.encode(claims, "", algorithm="none", headers=headers)
            case "hmac":
                return jwt.encode(claims, CLIENT_SECRET * 2, algorithm="HS256", headers=headers)
            case "foreign":
                return jwt.encode(claims, self.foreign, algorithm="RS256", headers=headers)
            case _:
                return jwt.encode(claims, self.key, algorithm="RS256", headers=headers)

    async def jwks(self, request: web.Request) -> web.Response:
        shown = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**shown, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    async def userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer at"
        return web.json_response({"sub": self.subject, "email": self.email, "email_verified": self.email_verified})


@asynccontextmanager
async def open_provider() -> AsyncIterator[Provider]:
    """Serves until the block ends."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.add_routes(provider.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield provider
    finally:
        await runner.cleanup()
