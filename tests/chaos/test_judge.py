"""The judge of the chaos runs can condemn: each broken promise, put into evidence that is otherwise in order."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.ledger import balance
from storage import open_storage
from tests.chaos.evidence import Evidence, Planned
from tests.chaos.judge import judge
from tests.support.making import message

CHANGE = Planned(
    "01A", "change:pushed:H1:1", "sms", "sms:+84910000015", "received", "Da nhan H1", "H1", "pushed", "delivered", ""
)
REPLY = Planned(
    "01B", "inbound:telegram:870", "telegram", "telegram:77", "reply", "Hồ sơ H1", "", "", "delivered", ""
)  # fmt: skip
KEPT = Evidence(
    events={("pushed", "H1"): 1},
    outbox=[CHANGE, REPLY],
    submits={("01A", "whole"): 1},
    chats={("telegram", "77", "Hồ sơ H1"): 1},
    asked={("telegram", "77"): 1},
    heard={("telegram", "77"): 1},
)


def test_evidence_in_order_breaks_no_promise() -> None:
    verdict = judge(KEPT)

    assert verdict.broken == {}
    assert (verdict.planned, verdict.sent, verdict.uncertain) == (2, 2, 0)


@pytest.mark.parametrize(
    ("promise", "evidence"),
    [
        ("doubled", replace(KEPT, submits={("01A", "whole"): 2})),
        ("doubled", replace(KEPT, chats={("telegram", "77", "Hồ sơ H1"): 2})),
        ("lost", replace(KEPT, submits={})),
        ("lost", replace(KEPT, chats={})),
        ("lost", replace(KEPT, outbox=[replace(CHANGE, state="queued"), REPLY], submits={})),
        ("lost", replace(KEPT, outbox=[replace(CHANGE, state="sending"), REPLY])),
        ("lost", replace(KEPT, outbox=[replace(CHANGE, state="expired"), REPLY], submits={})),
        ("lost", replace(KEPT, outbox=[replace(CHANGE, parts=2), REPLY])),
        ("unplanned", replace(KEPT, events={("pushed", "H1"): 2})),
        ("unplanned", replace(KEPT, events={("pushed", "H1"): 1, ("asked", "H2"): 1})),
        ("unplanned", replace(KEPT, events={})),
        ("unplanned", replace(KEPT, broadcasts={"b1": ["+84910000025"]})),
        ("unplanned", replace(KEPT, api={"k1": "+84910000025"})),
        ("unplanned", replace(KEPT, due=["H1"])),
        ("contradicted", replace(KEPT, submits={("01A", "whole"): 1, ("01X", "whole"): 1})),
        ("contradicted", replace(KEPT, outbox=[replace(CHANGE, state="superseded", reason="newer"), REPLY])),
        ("unanswered", replace(KEPT, asked={("telegram", "77"): 2})),
        ("unanswered", replace(KEPT, asked={("telegram", "77"): 1, ("sms", "+84910000035"): 1})),
        ("answered_twice", replace(KEPT, heard={("telegram", "77"): 2})),
        ("answered_twice", replace(KEPT, outbox=[CHANGE, REPLY, replace(REPLY, id="01C", origin="inbound:hook:9")])),
        ("unbalanced", replace(KEPT, is_balanced=False)),
    ],
)
def test_a_broken_promise_is_named(promise: str, evidence: Evidence) -> None:
    verdict = judge(evidence)

    assert promise in verdict.broken


def test_what_is_uncertain_is_listed_whether_it_arrived_or_not_and_breaks_nothing() -> None:
    arrived = replace(CHANGE, state="uncertain", reason="no answer")
    missing = replace(CHANGE, id="01D", origin="change:pushed:H1:2", state="uncertain", reason="no answer")

    verdict = judge(replace(KEPT, events={("pushed", "H1"): 2}, outbox=[arrived, missing, REPLY]))

    assert verdict.broken == {}
    assert (verdict.uncertain, verdict.uncertain_arrived) == (2, 1)


def test_an_uncertain_message_that_was_sent_twice_is_doubled_all_the_same() -> None:
    uncertain = replace(CHANGE, state="uncertain", reason="no answer")

    verdict = judge(replace(KEPT, outbox=[uncertain, REPLY], submits={("01A", "whole"): 2}))

    assert list(verdict.broken) == ["doubled"]


def test_a_question_that_the_provider_could_not_hand_over_may_stay_unanswered() -> None:
    asked = {("telegram", "77"): 1, ("sms", "+84910000035"): 1}

    verdict = judge(replace(KEPT, asked=asked, unconfirmed=frozenset({("sms", "+84910000035")})))

    assert verdict.broken == {}


async def test_a_ledger_that_is_off_by_one_is_found(tmp_path: Path) -> None:
    path = tmp_path / "motcua.db"
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
        await storage.write(lambda tx: tx.outbox.enqueue([message(origin="change:pushed:H1:1")]))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE plans SET planned = planned + 1")

        books = await balance(storage)

    verdict = judge(replace(KEPT, is_balanced=books.balanced))
    assert list(verdict.broken) == ["unbalanced"]
