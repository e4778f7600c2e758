"""What can go wrong between us and Telegram, told apart by what may have been done.

    TelegramError
    ├── ThrottledError           429: wait `after` seconds
    └── NetworkError
        ├── DoorClosedError      no connection can be made: refused, no such host, no TLS, the proxy says no
        ├── NotSentError         a connection was too slow or was lost before the request went out
        ├── InterceptedError     somebody who is not Telegram turned the request away
        ├── FailedError          Telegram says in its own words that it could not do it
        └── UnansweredError      the request left us and no answer of Telegram's came: perhaps done

Their messages never hold the URL, because it holds the token.
"""

import json
from typing import Any

from aiohttp import ClientConnectorCertificateError, ClientConnectorError, ClientHttpProxyError, InvalidURL
from telegram.error import NetworkError, TelegramError

_LONGEST_WAIT = 24 * 3600.0
"""Seconds; whoever asks for more is not obeyed further."""


class ThrottledError(TelegramError):
    """Telegram asks to wait `after` seconds (None: it does not say how long).

    Ours and not python-telegram-bot's `RetryAfter`, whose mere creation warns of a deprecation.
    """

    def __init__(self, after: float | None) -> None:
        super().__init__("too many requests")
        self.after = after


class DoorClosedError(NetworkError):
    """No connection to Telegram or to the proxy can be made. Nothing left us."""


class NotSentError(NetworkError):
    """No connection came in time, or it was lost before the request was written. Nothing left us."""


class InterceptedError(NetworkError):
    """A proxy or a block page answered in Telegram's place and turned the request away."""


class FailedError(NetworkError):
    """Telegram answered, in its own form, that it failed: nothing was done."""


class UnansweredError(NetworkError):
    """The request left us and no answer that is Telegram's came back."""


def failure_of(error: Exception, *, departed: bool) -> NetworkError:
    """What an exception of the HTTP client means. `departed`: the request may have left us."""
    if isinstance(error, ClientConnectorCertificateError):
        return DoorClosedError("the server's certificate cannot be trusted")
    if isinstance(error, ClientConnectorError):
        return DoorClosedError(error.os_error.strerror or type(error.os_error).__name__)
    # The answer to CONNECT: the request itself was not written yet.
    if isinstance(error, ClientHttpProxyError):
        return DoorClosedError(f"the proxy answers {error.status}")
    if isinstance(error, InvalidURL):
        return DoorClosedError("the address is not a URL")
    if departed:
        late = isinstance(error, TimeoutError)
        return UnansweredError("no answer in time" if late else f"no answer ({type(error).__name__})")
    return NotSentError(f"no connection ({type(error).__name__})")


def judge(status: int, payload: bytes) -> None:
    """Raises what python-telegram-bot would misread; leaves it 2xx and Telegram's own 4xx.

    A block page's 403 is not "blocked by the user". A gateway's 502 or 504 may hide a success behind it, a 500 or
    503 in Telegram's own form does not.
    """
    if status < 300:
        return
    answer = answer_in(payload)
    if status in (502, 504) or (status >= 500 and answer is None):
        raise UnansweredError(f"HTTP {status} from a gateway")
    if answer is None:
        raise InterceptedError(f"HTTP {status} from somebody who is not Telegram")
    parameters = answer.get("parameters") or {}
    if status == 429 or "retry_after" in parameters:
        raise ThrottledError(_seconds(parameters.get("retry_after")))
    if status >= 500:
        raise FailedError(f"HTTP {status}: {answer.get('description', '')}"[:200])


def answer_in(payload: bytes) -> dict[str, Any] | None:
    """The body as JSON, if it has the form that every answer of the Bot API has."""
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and _has_form(answer) else None


def _has_form(answer: dict[str, Any]) -> bool:
    if answer.get("ok") is True:
        return "result" in answer
    words, parameters = answer.get("description", ""), answer.get("parameters", {})
    return answer.get("ok") is False and isinstance(words, str) and isinstance(parameters, dict)


def _seconds(value: object) -> float | None:
    # The least first: a number of hundreds of digits is none that a float can say.
    return float(min(value, _LONGEST_WAIT)) if isinstance(value, int | float) and value >= 0 else None
