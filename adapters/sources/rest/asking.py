"""One request of the operator's, filled in, signed with our keys, made, and checked for success."""

import json
from urllib.parse import quote, urlencode

from pydantic import JsonValue
from yarl import URL

from adapters.sources.rest.answers import code_text, finder
from adapters.sources.rest.client import Call, Client
from adapters.sources.rest.failures import RefusedError, said_no
from adapters.sources.rest.logins import Keys, door
from adapters.sources.rest.requests import AskedLogin, Request
from adapters.sources.rest.settings import Settings
from adapters.sources.rest.templates import Values, fill, fill_table, fill_text
from bot.model.clock import Clock


class Asker:
    """Asks for JSON; logs in where that is needed, and once more where the keys are refused."""

    def __init__(self, settings: Settings, client: Client, *, clock: Clock) -> None:
        self._base = settings.base_url.rstrip("/")
        self._success = settings.success
        self._client = client
        secret = {name: value.get_secret_value() for name, value in settings.secret_headers.items()}
        self._headers = settings.headers | secret
        self._code_in = finder(settings.error_code)
        self._door = door(settings.login, self._log_in, clock)
        self._shown = Keys()

    async def ask(self, request: Request, values: Values, *, place: str, url: URL | None = None) -> JsonValue:
        """The answer to `request`, or to the same at another `url`.

        Raises `RefusedError` where the server says no, `SourceError` where nothing helps.
        """
        self._shown = keys = await self._door.keys()
        try:
            return await self._ask(request, values, keys, place=place, url=url)
        except RefusedError as error:
            others = await self._door.renewed(keys) if error.keys else None
            if others is None:
                raise
        self._shown = others
        return await self._ask(request, values, others, place=place, url=url)

    def url(self, request: Request, values: Values) -> URL:
        """The address with its query. What stands for {code} is quoted, so that it cannot lead to another path."""
        path = fill_text(request.url, {name: quote(str(value), safe="") for name, value in values.items()})
        url = URL(path if "://" in path else self._base + path)
        return url.update_query(fill_table(request.query, values)) if request.query else url

    def reveals(self, text: str) -> bool:
        """It holds a key that was shown last."""
        return any(key in text for key in self._shown.values.values())

    async def _ask(
        self, request: Request, values: Values, keys: Keys, *, place: str, url: URL | None = None
    ) -> JsonValue:
        values = {**values, **keys.values}
        headers = self._headers | fill_table(request.headers, values) | dict(keys.headers)
        body = None
        if request.method == "POST":
            body, headers["Content-Type"] = _encoded(request, values)
        call = Call(place, request.method, url or self.url(request, values), headers, body)
        answer = await self._client.ask(call)
        code = self._code_in(answer)
        if code is not None and code_text(code) not in self._success:
            raise said_no(place, code_text(code))
        return answer

    async def _log_in(self, login: AskedLogin, values: Values, keys: Keys) -> JsonValue:
        return await self._ask(login, values, keys, place=f"{login.method} {login.path}")


def _encoded(request: Request, values: Values) -> tuple[bytes, str]:
    """The body, and its type."""
    body = fill(request.body, values)
    if request.encoding == "form" and isinstance(body, dict):
        fields = {name: each if isinstance(each, str) else json.dumps(each) for name, each in body.items()}
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    return json.dumps({} if body is None else body, ensure_ascii=False).encode(), "application/json"
