"""Zalo's API with our access token: asks, renews the token once where Zalo says that it has ended, asks once more."""

from collections.abc import Mapping
from typing import Any

from adapters.channels.zalo.errors import Class, meaning_of
from adapters.channels.zalo.settings import Settings
from adapters.channels.zalo.tokens import Keeper
from adapters.channels.zalo.verdicts import Reply, reply_in
from adapters.http import Answer, Caller, Request, outcome_of_failure
from bot.model.clock import Clock
from bot.model.message import Outcome


class Api:
    """Each question gets Zalo's `Reply`, or the outcome for a message whose question got none."""

    def __init__(self, settings: Settings, caller: Caller, keeper: Keeper, *, clock: Clock) -> None:
        self._settings = settings
        self._caller = caller
        self._keeper = keeper
        self._clock = clock

    async def consult(self, user_id: str, text: str) -> Reply | Outcome:
        """A consultation message : only to who was heard of within seven days."""
        body = {"recipient": {"user_id": user_id}, "message": {"text": text}}
        return await self._ask(f"{self._settings.api_url}/v3.0/oa/message/cs", body)

    async def upload(self, name: str, media_type: str, content: bytes) -> Reply | Outcome:
        """A PDF, DOC or DOCX for `consult_with_file`; `token` in the answer is good for seven days. Zalo takes 5,000
        a month."""
        form = Request.of_file("", "file", content, name=name, media_type=media_type)
        return await self._ask(f"{self._settings.api_url}/v2.0/oa/upload/file", form=form)

    async def consult_with_file(self, user_id: str, token: str) -> Reply | Outcome:
        """A consultation message that is an uploaded file."""
        message = {"attachment": {"type": "file", "payload": {"token": token}}}
        body = {"recipient": {"user_id": user_id}, "message": message}
        return await self._ask(f"{self._settings.api_url}/v3.0/oa/message/cs", body)

    async def template_to_user(self, user_id: str, template_id: str, values: Mapping[str, str]) -> Reply | Outcome:
        """A template message by user id, which takes no reference of ours."""
        body = {"user_id": user_id, "template_id": template_id, "template_data": dict(values)}
        return await self._ask(f"{self._settings.api_url}/v3.0/oa/message/template", body)

    async def template_to_phone(
        self, phone: str, template_id: str, values: Mapping[str, str], *, tracking_id: str
    ) -> Reply | Outcome:
        """A template message by phone (`84912345678`)."""
        body: dict[str, Any] = {
            "phone": phone,
            "template_id": template_id,
            "template_data": dict(values),
            "tracking_id": tracking_id,
        }
        if self._settings.development:
            body["mode"] = "development"
        return await self._ask(f"{self._settings.business_url}/message/template", body)

    async def quota(self) -> Reply | Outcome:
        """Template messages that are left today."""
        return await self._ask(f"{self._settings.business_url}/message/quota")

    async def account(self) -> Reply | Outcome:
        """The official account: its name and state."""
        return await self._ask(f"{self._settings.api_url}/v2.0/oa/getoa")

    async def _ask(
        self, url: str, body: Mapping[str, Any] | None = None, *, form: Request | None = None
    ) -> Reply | Outcome:
        """A POST of `body`, or of the body of `form`; without either a GET."""
        token = await self._keeper.current()
        if not isinstance(token, str):
            return token
        reply = await self._once(_request(url, body, form, token))
        if isinstance(reply, Reply) and meaning_of(reply.code).kind is Class.TOKEN:
            token = await self._keeper.renewed(token)
            return await self._once(_request(url, body, form, token)) if isinstance(token, str) else token
        return reply

    async def _once(self, request: Request) -> Reply | Outcome:
        answer = await self._caller.ask(request)
        if not isinstance(answer, Answer):
            return outcome_of_failure(answer)
        return reply_in(answer, self._clock())


def _request(url: str, body: Mapping[str, Any] | None, form: Request | None, token: str) -> Request:
    # The header is Zalo's own; `Authorization: Bearer` is not looked at.
    headers = {"access_token": token}
    if form is not None:
        return Request("POST", url, {**form.headers, **headers}, form.body)
    return Request("GET", url, headers) if body is None else Request.of_json(url, body, headers)
