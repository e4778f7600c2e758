"""The simulated phone of the demo page: asks the SMS-centre simulator, so that the browser talks only to us."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.model.clock import VIETNAM, from_millis
from bot.model.code import read_codes
from bot.model.person import Address
from bot.web.context import DemoSettings
from bot.web.errors import RefusedError

LONG_POLL = 15
"""Seconds that the simulator may wait for the next message."""

_NUMBERS = 50
_WRITING = 10
"""Seconds that the service may take to acknowledge a text of the phone."""

_NEVER_ARRIVED = ("undelivered", "expired")


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS on the phone."""

    seq: int
    is_mine: bool
    """The citizen wrote it."""
    sender: str
    text: str = field(repr=False)
    time: str
    """`10:02`, Vietnamese time."""
    code: str
    """The dossier code in it; empty where there is none."""
    has_arrived: bool
    """False for one that the network could not deliver: it stands in the list, but not on the phone."""


class Phone:
    """Speaks to the simulator's control API; refuses with `simulator` where that does not answer."""

    def __init__(self, settings: DemoSettings) -> None:
        self._control = str(settings.smsc_control).rstrip("/")
        self._short_code = settings.short_code
        self._patience = settings.patience
        self._http: ClientSession | None = None

    async def opened(self, _: web.Application) -> AsyncIterator[None]:
        """For `cleanup_ctx`."""
        async with ClientSession() as self._http:
            yield

    async def numbers(self) -> list[str]:
        """Numbers that got messages, the latest first."""
        rows = _rows(await self._ask("GET", "numbers", query={"limit": str(_NUMBERS)}))
        found = [str(row.get("number", "")) if isinstance(row, Mapping) else str(row) for row in rows]
        return [number for number in found if number]

    async def messages(self, number: str, *, after: int, wait: int) -> list[Text]:
        query = {"number": number, "after": str(after), "wait": str(wait)}
        rows = _rows(await self._ask("GET", "messages", query=query, wait=wait))
        return [_text(row, number) for row in rows if isinstance(row, Mapping)]

    async def text_back(self, number: str, text: str) -> None:
        """Sends a text from the phone; returns when the service has taken it."""
        body = {"from": number, "to": self._short_code, "text": text, "wait": True}
        await self._ask("POST", "mo", body=body, wait=_WRITING)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        wait: float = 0,
    ) -> Any:
        assert self._http is not None  # noqa: S101 (open while the application serves)
        timeout = ClientTimeout(total=wait + self._patience)
        try:
            async with self._http.request(
                method, f"{self._control}/{path}", params=query, json=body, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status >= 300:
                    raise RefusedError(503, "simulator", wait=2)
                return await answer.json(content_type=None)
        except (ClientError, TimeoutError, ValueError) as error:
            raise RefusedError(503, "simulator", wait=2) from error


def masked(number: str) -> str:
    return str(Address("sms", number)).removeprefix("sms:")


def _rows(answer: Any) -> list[Any]:
    if isinstance(answer, Mapping):
        answer = next((value for value in answer.values() if isinstance(value, list)), [])
    return answer if isinstance(answer, list) else []


def _text(row: Mapping[str, Any], number: str) -> Text:
    sender, text = str(row.get("from", "")), str(row.get("text", ""))
    codes = [found.code for found in read_codes(text) if found.kind == "dossier" and not found.repaired]
    return Text(
        seq=int(row.get("seq", 0)),
        is_mine=sender == number,
        sender="" if sender == number else sender,
        text=text,
        time=f"{_moment(row.get('at')).astimezone(VIETNAM):%H:%M}",
        code=codes[0] if codes else "",
        has_arrived=row.get("state") not in _NEVER_ARRIVED,
    )


def _moment(at: Any) -> datetime:
    """ISO 8601, or seconds or milliseconds since 1970."""
    if isinstance(at, str):
        moment = datetime.fromisoformat(at)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = float(at or 0)
    return from_millis(int(seconds if seconds > 1e11 else seconds * 1000))
