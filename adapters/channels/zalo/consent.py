"""The first consent: the address at which an administrator of the account grants it, and the exchange of its code.

Zalo keeps callback address and code challenge in the app's own settings, so the pair of verifier and challenge is a
fixed one: it is made from the app's secret, and is the same whenever it is asked for.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode

from adapters.channels.zalo.client import connected
from adapters.channels.zalo.grant import Grant
from adapters.channels.zalo.settings import Settings
from adapters.http import Answer, NotSent, Request
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError, ConfigError
from bot.ports import Vault

_ERRORS = {
    -14002: "ứng dụng chưa được kích hoạt, hoặc sai app_id: bật “Đang hoạt động” ở developers.zalo.me rồi làm lại / "
    "the app is not active, or app_id is wrong",
    -14003: "redirect_uri không giống Official Account Callback Url đã lưu ở developers.zalo.me "
    "(Sản phẩm → Official Account → Thiết lập chung), phải giống từng chữ / "
    "redirect_uri is not exactly the Official Account Callback Url that the app's settings have",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """What is needed to ask for a consent."""

    url: str
    """To be opened by an administrator of the official account."""
    state: str
    """Comes back beside the code."""
    verifier: str = field(repr=False)
    challenge: str
    """For the field Code Challenge of the app's settings."""


def consent(settings: Settings) -> Consent:
    """Raises `ConfigError` where `redirect_uri` is missing."""
    if not settings.redirect_uri:
        raise ConfigError("redirect_uri: còn thiếu, cần cho lần cấp quyền đầu / is missing, consent needs it")
    key = settings.app_secret.get_secret_value().encode()
    verifier = _base64(hmac.digest(key, f"consent {settings.app_id}".encode(), "sha256"))
    challenge = _base64(hashlib.sha256(verifier.encode()).digest())
    state = secrets.token_urlsafe(12)
    asked = {
        "app_id": settings.app_id,
        "redirect_uri": settings.redirect_uri,
        "code_challenge": challenge,
        "state": state,
    }
    return Consent(f"{settings.oauth_url}/v4/oa/permission?{urlencode(asked)}", state, verifier, challenge)


async def exchange(settings: Settings, vault: Vault, *, code: str, verifier: str, clock: Clock = utc_now) -> Grant:
    """Exchanges the code, which is good for ten minutes and once, and keeps the pair; returns when it is durable.

    Raises `ChannelError` with what an operator should do, and `StorageError`.
    """
    form = {"grant_type": "authorization_code", "app_id": settings.app_id, "code": code, "code_verifier": verifier}
    headers = {"secret_key": settings.app_secret.get_secret_value()}
    async with vault.turn() as ours:
        if ours is None:
            raise ChannelError(
                "dịch vụ đang gia hạn token, xin thử lại sau một phút, cùng mã này / "
                "the service is renewing the tokens just now; try again in a minute with the same code"
            )
        asked_at = clock()
        async with connected(settings) as caller:
            url = f"{settings.oauth_url}/v4/oa/access_token"
            answer = await caller.ask(Request.of_form(url, form, headers))
        if not isinstance(answer, Answer):
            again = (
                "cùng mã này / with the same code" if isinstance(answer, NotSent) else "với mã mới / with a new code"
            )
            raise ChannelError(f"Zalo không trả lời, xin thử lại {again}: {answer.reason}")
        grant = Grant.of_answer(answer.text, at=asked_at)
        if grant is None:
            raise ChannelError(explained(answer))
        await ours.keep(grant.text)
    return grant


def explained(answer: Answer) -> str:
    """Why there is no pair in it; Zalo's own words are not shown, as they may quote the code."""
    code = answer.json().get("error")
    if not isinstance(code, int):
        return f"câu trả lời không phải của Zalo / HTTP {answer.status} that is not understood"
    why = _ERRORS.get(
        code,
        "mã đã dùng, đã quá 10 phút, hoặc Code Challenge trong ứng dụng khác với của lệnh này; xin lấy mã mới / "
        "the code is used or older than 10 minutes, or the app's Code Challenge is not ours: get a new code",
    )
    return f"Zalo {code}: {why}"


def _base64(octets: bytes) -> str:
    """43 characters for 32 octets, without padding (RFC 7636 appendix A)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
