"""What the API answers where it does not do what was asked: problem details (RFC 9457), never our own inside."""

import json
import logging
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from bot.model.errors import trail

log = logging.getLogger(__name__)

BASE = "/api/v1"
MEDIA_TYPE = "application/problem+json"
_MOST_FAULTS = 100
_LONGEST_POINTER = 200
_BY_STATUS = {404: "missing", 405: "no_method", 413: "too_long"}
_BY_TYPE = {"missing": "absent", "extra_forbidden": "unknown", "json_invalid": "no_json"}


class Fault(NamedTuple):
    """One thing that is wrong, where, and in which words."""

    pointer: str
    word: str
    values: Mapping[str, Any] = {}
    place: str = "body"
    """body | query | header"""


class ProblemError(Exception):
    """`word` names the problem in problems.toml."""

    def __init__(self, word: str, *faults: Fault, wait: float = 0, allowed: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.faults = faults
        self.wait = wait
        """Seconds; 0 where waiting does not help."""
        self.allowed = allowed
        """Methods, for `no_method`."""


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """`problem` and `fault`, each by its word."""
    return tomllib.loads((Path(__file__).parent / "problems.toml").read_text(encoding="utf-8"))


def status_of(word: str) -> int:
    status: int = words()["problem"][word]["status"]
    return status


def answer(problem: ProblemError) -> web.Response:
    """As it goes out: Vietnamese first, English behind the stroke."""
    said = words()["problem"][problem.word]
    content = {
        "type": f"{BASE}/docs#{problem.word}",
        "title": f"{said['vi']} / {said['en']}",
        "status": said["status"],
        "detail": _detail(problem.faults) or f"{said['vi']}. / {said['en']}.",
        "errors": [_shown(each) for each in problem.faults[:_MOST_FAULTS]],
    }
    response = web.Response(
        body=json.dumps(content, ensure_ascii=False).encode(), status=said["status"], content_type=MEDIA_TYPE
    )
    if problem.wait:
        response.headers["Retry-After"] = str(max(1, round(problem.wait)))
    if problem.word == "unauthorized":
        response.headers["WWW-Authenticate"] = 'Bearer realm="motcua"'
    if problem.allowed:
        response.headers["Allow"] = problem.allowed
    return response


def _detail(faults: Iterable[Fault]) -> str:
    first = next(iter(faults), None)
    return f"{first.pointer or first.place}: {_sentence(first)}" if first else ""


def _shown(fault: Fault) -> dict[str, str]:
    return {"in": fault.place, "pointer": fault.pointer, "detail": _sentence(fault)}


def _sentence(fault: Fault) -> str:
    said = words()["fault"][fault.word]
    return " / ".join(said[language].format_map(fault.values) for language in ("vi", "en"))


def invalid(error: ValidationError, *, place: str = "body") -> ProblemError:
    """What pydantic found, without what was sent."""
    faults = [
        Fault(pointer_to(each["loc"]), _BY_TYPE.get(each["type"], "invalid"), {"en": each["msg"]}, place)
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    if faults and faults[0].word == "no_json":
        return ProblemError("unreadable", Fault("", "no_json"))
    return ProblemError("unprocessable", *faults)


def pointer_to(steps: Iterable[int | str]) -> str:
    """A JSON pointer (RFC 6901)."""
    text = "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in steps)
    return text[:_LONGEST_POINTER].encode("utf-8", "replace").decode()


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error below `/api/v1` becomes a problem."""
    try:
        return await handler(request)
    except ProblemError as problem:
        return answer(problem)
    except web.HTTPMethodNotAllowed as error:
        return answer(ProblemError("no_method", allowed=", ".join(sorted(error.allowed_methods))))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answer(ProblemError(_BY_STATUS.get(error.status, "unreadable" if error.status < 500 else "failed")))
    except ConnectionResetError:
        raise
    except Exception as error:
        # Without the error's own words, which may quote a citizen.
        resource = request.match_info.route.resource
        log.error("%s %s failed: %s", request.method, resource, trail(error))
        return answer(ProblemError("failed"))
