"""The second request that some software needs: the list gives little more than codes, a look-up gives the rest."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.records.columns import FIELDS
from adapters.records.identities import codes
from adapters.records.paths import Find, first_of, path
from adapters.sources.rest.answers import finder
from adapters.sources.rest.asking import Asker
from adapters.sources.rest.failures import RefusedError, UnansweredError
from adapters.sources.rest.requests import DetailRequest
from adapters.sources.rest.settings import Settings
from bot.model.errors import SourceError

_MOST_FAILED = 20
"""Look-ups of one piece that may fail; with more, or all of them, it is the software that fails."""

_NOT_FOUND = "Phần mềm một cửa không trả lời được chi tiết của hồ sơ này ({said})."
_SILENT = "không có câu trả lời"
_NO_OBJECT = "Chi tiết của hồ sơ này không phải là một đối tượng JSON."


class Lacking(NamedTuple):
    """A record whose look-up failed."""

    code: str
    """The dossier's; empty where the list does not tell it."""
    reason: str
    """In Vietnamese, for the quarantine."""


class Details:
    """Looks up each record, several at a time."""

    def __init__(self, settings: Settings, request: DetailRequest, asker: Asker) -> None:
        self._request = request
        self._asker = asker
        own = settings.fields.get("code")
        self._dossier_code_in = path(own) if own else first_of(FIELDS["code"])
        self._code_in = path(request.code) if request.code else self._dossier_code_in
        self._canonical = codes(settings.code_pattern)
        self._record_in = finder(request.record)
        self._place = f"{request.method} {request.path}"

    async def complete(self, records: Sequence[object]) -> list[object]:
        """The records, each with its details laid over it, in order; `Lacking` in place of one that has none.

        Raises `SourceError` where the look-up as a whole does not work.
        """
        found: list[object] = list(records)
        waiting = iter(range(len(found)))
        failures = _Failures()

        async def look_up() -> None:
            for index in waiting:
                found[index] = await self._completed(found[index], failures)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._request.at_once, len(found))):
                    group.create_task(look_up())
        except* SourceError as errors:
            failure = errors.exceptions[0]
        else:
            failures.check(len(found))
            return found
        raise failure

    async def _completed(self, record: object, failures: "_Failures") -> object:
        code = _text(self._code_in, record) if isinstance(record, Mapping) else ""
        if not code or not isinstance(record, Mapping):
            return record  # the reader will say what is wrong with it
        try:
            answer = await self._asker.ask(self._request, {"code": code}, place=self._place)
        except (RefusedError, UnansweredError) as error:
            failures.add(error)
            said = error.said if isinstance(error, RefusedError) else _SILENT
            return Lacking(self._canonical(_text(self._dossier_code_in, record)), _NOT_FOUND.format(said=said))
        details = self._record_in(answer)
        if not isinstance(details, Mapping):
            return Lacking(self._canonical(_text(self._dossier_code_in, record)), _NO_OBJECT)
        told = {key: value for key, value in details.items() if value not in (None, "") or key not in record}
        return {**record, **told}


def _text(find: Find, record: Mapping[str, Any]) -> str:
    """A code; empty where there is none. Dots alone would lead to another address."""
    try:
        found = find(record)
    except ValueError:
        return ""
    text = str(found).strip() if isinstance(found, str | int) else ""
    return text if any(each.isalnum() for each in text) else ""


@dataclass(slots=True)
class _Failures:
    errors: list[SourceError] = field(default_factory=list)

    def add(self, error: SourceError) -> None:
        self.errors.append(error)
        if len(self.errors) > _MOST_FAILED:
            raise error

    def check(self, asked: int) -> None:
        if self.errors and len(self.errors) == asked:
            raise self.errors[0]
