"""What the API answers has nobody's number, name or words in it; a look at a dossier's status is recorded."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.web.api.route import Operation
from bot.web.api.server import OPERATIONS

_SAYS_NOTHING_OF_A_PERSON = {
    "agency", "began_at", "channel", "cost", "created_at", "dossier", "en", "ended_at", "expires_at", "handed_out",
    "id", "is_test", "made_at", "next", "notifications", "parts", "people", "quiet_until", "reason", "reference",
    "sent_at", "sentence", "settled_at", "situation", "starts_at", "state", "states", "title", "vi",
}  # fmt: skip
_MASKED = {"recipient"}
"""See test_sending."""
_RECORDED = {"dossierStatus": {"appointment_at", "code", "finished_at", "fresh_at", "is_stale", "place", "procedure",
    "received_at", "right", "status", "status_words", "supplement"}}  # fmt: skip
"""Operations that look at one dossier for somebody: see test_dossiers for their entries in the record."""


def names_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from names_in(each)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_its_answer_names_nobody(operation: Operation) -> None:
    named = set(names_in(operation.gives.model_json_schema()))

    assert named <= _SAYS_NOTHING_OF_A_PERSON | _MASKED | _RECORDED.get(operation.name, set())
