"""What is done and looked at by a command stands in the record, in somebody's name and without anything private."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model.clock import VIETNAM
from bot.model.message import DeliveryState
from bot.ports import Pause, Transaction
from tests.flows.test_held_commands import hold, item
from tests.flows.test_service_commands import noted, talking
from tests.flows.test_texts_commands import write
from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row
from tests.support.making import OWNER_PHONE

YEAR = (datetime.now(VIETNAM) + timedelta(days=300)).replace(month=6, day=1)
FAR = YEAR.strftime("%d/%m/%Y 16:30")
CODE, AGENCY = code_of(1), "H56.14"
PRIVATE = ("912345678", "987654321", "Ánh", "Nguyễn", "chờ Sở", "mời nhận", "Quầy", "xin chờ", "còn kịp", "sửa quầy")
"""What of our citizens, and of what is written to them, the tests below type and store."""


@pytest.fixture
def here(service: Desk, office: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two dossiers of which one is overdue, a web chat, and `tu` at the keyboard."""
    monkeypatch.setenv("LOGNAME", "tu")
    office.exports(row(1, status="4", appointment=FAR), row(2, appointment="30/08/2024 16:30"))
    service.configure('[channels.web]\nkind = "webchat"\n[apologies]\npdf = false')
    service.said("source", "sync", "office")
    return service


def record(desk: Desk) -> list[dict[str, Any]]:
    """Oldest first; nothing private is in it."""
    entries = desk.json("audit", "list", "--limit", "100")[::-1]
    assert {each["way"] for each in entries} <= {"command"}
    assert not [word for word in PRIVATE if word in str(entries)]
    return list(entries)


def told(desk: Desk) -> list[tuple[str, str, str, str]]:
    return [(each["what"], each["subject"], each["by"], each["agency"]) for each in record(desk)]


def test_the_apology_desk(here: Desk) -> None:
    here.said("apology", "draft", CODE, "--by", "tam", "--text", "chờ Sở")
    number = here.json("apology", "list")["apologies"][0]["id"]
    here.said("apology", "change", CODE, "--reason", "system", "--by", "tam")
    here.refused("apology", "approve", CODE, "--by", "Tam")
    here.said("apology", "show", CODE)
    here.said("apology", "document", CODE)
    here.said("apology", "approve", CODE, "--by", "chin")

    assert told(here) == [
        ("apology.drafted", number, "tam", AGENCY),
        ("apology.changed", number, "tam", AGENCY),
        ("apology.looked", number, "tu", AGENCY),
        ("apology.document", number, "tu", AGENCY),
        ("apology.approved", number, "chin", AGENCY),
    ]
    _, changed, looked, _, approved = record(here)
    assert (changed["before"]["reason"], changed["after"]["reason"]) == ("overload", "system")
    assert looked["after"] == {"code": CODE}
    assert (approved["before"]["state"], approved["after"]["state"]) == ("draft", "approved")


def test_a_rejected_draft(here: Desk) -> None:
    here.said("apology", "draft", CODE)

    here.said("apology", "reject", CODE, "--why", "còn kịp", "--by", "chin")

    assert [(what, by) for what, _, by, _ in told(here)] == [("apology.drafted", "tu"), ("apology.rejected", "chin")]


def test_texts(here: Desk) -> None:
    here.said("texts", "edit", "--file", str(write(here, agency=AGENCY)), "--by", "lan")
    here.said("texts", "publish", "result", "--agency", AGENCY, "--by", "nam")
    here.said("texts", "rollback", "result", "--agency", AGENCY, "--to", "1")
    here.said("texts", "rollback", "result", "--agency", AGENCY, "--to", "0")
    here.refused("texts", "publish", "result", "--agency", AGENCY)

    whole = told(here)
    assert [(what, by, agency) for what, _, by, agency in whole] == [
        ("text.drafted", "lan", AGENCY),
        ("text.published", "nam", AGENCY),
        ("text.rolled_back", "tu", AGENCY),
        ("text.retired", "tu", AGENCY),
    ]
    assert len({subject for _, subject, _, _ in whole}) == 1
    assert [each["after"].get("to") for each in record(here)] == [None, None, 1, 0]


def test_a_draft_with_errors_is_kept_and_recorded_but_not_published(here: Desk) -> None:
    path = write(here, sms='sms = "{{ cdoe }}"')

    edited = here.types("texts", "edit", "--file", str(path))
    here.refused("texts", "publish", "result")

    assert edited.code == 1
    assert [what for what, *_ in told(here)] == ["text.drafted"]


def test_messages_held_in_the_evening(here: Desk) -> None:
    hold(here, item("m1"), item("m2"), item("m3"), item("m4"))

    here.types("held", "cancel", "m1", "0912345678", "--by", "lan")
    here.said("held", "send", "m2", "--why", "xin chờ", "--by", "lan")
    here.said("held", "cancel", "--all", "--agency", "H32.10")
    here.said("held", "cancel", "--all")

    assert [(each["what"], each["by"], each["after"]) for each in record(here)] == [
        ("messages.cancelled", "lan", {"held_for": "quiet", "ids": ["m1"], "messages": 1}),
        ("messages.hurried", "lan", {"held_for": "quiet", "ids": ["m2"], "messages": 1}),
        ("messages.cancelled", "tu", {"held_for": "quiet", "agency": "H32.10", "messages": 2}),
    ]


def test_channels_are_paused_and_resumed_once(here: Desk) -> None:
    for _ in range(2):
        here.said("routes", "pause", "trial", "--reason", "bảo trì", "--by", "hoa")
    for _ in range(2):
        here.said("routes", "resume", "trial")

    assert told(here) == [("channel.paused", "trial", "hoa", ""), ("channel.resumed", "trial", "tu", "")]
    assert [each["after"] for each in record(here)] == [{"reason": "bảo trì"}, {}]


@pytest.mark.parametrize(("way", "what"), [("--send", "source.released"), ("--discard", "source.discarded")])
def test_what_a_brake_holds(way: str, what: str, service: Desk, office: Office) -> None:
    service.configure("brake_messages = 1")
    office.exports(row(1), row(2), row(3))
    service.said("source", "sync", "office")

    service.said("source", "release", "office", way, "--yes", "--by", "hoa")
    service.said("source", "release", "office", way, "--yes")

    assert told(service) == [(what, "office", "hoa", "")]
    assert record(service)[0]["after"] == {"messages": 3}


def test_a_quarantine_is_read_again(service: Desk, office: Office) -> None:
    service.said("quarantine", "retry", "office")
    office.exports(row(1, received="hôm qua"))
    service.said("source", "sync", "office")

    service.said("quarantine", "retry", "office")

    assert [(what, subject) for what, subject, *_ in told(service)] == [("source.retried", "office")]


def test_conversations(here: Desk) -> None:
    handle = talking(here)

    here.said("clerk", "list")
    here.said("clerk", "show", handle[:3])
    here.said("clerk", "reply", handle, "Ông/Bà xin chờ.", "--by", "hoa")
    here.said("clerk", "close", handle)

    assert told(here) == [
        ("talk.looked", handle, "tu", "H32.15"),
        ("talk.replied", handle, "hoa", "H32.15"),
        ("talk.closed", handle, "tu", "H32.15"),
    ]


def test_feedback(here: Desk) -> None:
    number = noted(here)

    here.json("feedback", "list")
    here.said("feedback", "show", number.lower())
    here.said("feedback", "answer", number, "--text", "Bộ phận đã sửa quầy", "--by", "hoa")
    here.refused("feedback", "answer", number, "--text", "lần nữa")

    assert told(here) == [
        ("feedback.exported", "", "tu", ""),
        ("feedback.looked", number, "tu", "H32.15"),
        ("feedback.answered", number, "hoa", "H32.15"),
    ]


def test_the_do_not_send_list(here: Desk) -> None:
    here.said("do-not-send", "add", "0912345678", "0987654321", "--reason", "chị Nguyễn xin", "--by", "hoa")
    here.said("do-not-send", "add", "0912345678")
    here.said("do-not-send", "remove", "0912345678")
    here.said("do-not-send", "remove", "0912345678")

    assert told(here) == [("phone.stopped", "", "hoa", ""), ("phone.allowed", "", "tu", "")]
    assert [each["after"] for each in record(here)] == [{"people": 2}, {"people": 1}]


def test_a_persons_own_data(here: Desk) -> None:
    here.said("consents", "0912345678")

    here.said("erase", "0912345678", "--yes", "--by", "lan")

    assert told(here) == [("person.looked", "", "tu", ""), ("person.erased", "", "lan", "")]
    assert record(here)[1]["after"]["rows"]["dossiers"] == 2


def test_looks_at_one_dossier_and_none_at_what_is_not_there(here: Desk) -> None:
    here.said("lookup", CODE.lower())
    here.refused("lookup", code_of(9))
    here.types("texts", "preview", "result", "--code", code_of(2))

    assert told(here) == [("dossier.looked", CODE, "tu", AGENCY), ("dossier.looked", code_of(2), "tu", AGENCY)]
    assert record(here)[0]["after"] == {"source": "office", "whole": False}


def test_a_trial_message(here: Desk) -> None:
    here.types("send-test", "trial", "0912345678", "Quầy số 3", "--wait", "0")

    queued = here.in_database(lambda storage: storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9)))
    (sent,) = [each for each in queued if each.situation == "test"]
    assert told(here) == [("message.tested", sent.id, "tu", "")]


def test_files_that_are_taken_away(here: Desk) -> None:
    here.said("unreachable", "--file", "call.csv")
    here.said("audit", "verify")
    here.said("audit", "export", "--csv", "record.csv", "--by", "tu", "--subject", "0912345678")
    here.said("audit", "export", "--csv", "record.csv", "--by", "tu")

    assert [each["what"] for each in record(here)] == [
        "unreachable.downloaded", "record.verified", "record.exported", "record.exported",
    ]  # fmt: skip
    assert [each["after"] for each in record(here)] == [
        {"kind": "csv", "rows": 0},
        {"checked": 1, "whole": True},
        {"entries": 0},
        {"entries": 3, "nguoi": "tu"},
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["apology", "draft", CODE],
        ["do-not-send", "add", "0987654321"],
        ["routes", "pause", "trial", "--reason", "bảo trì"],
        ["erase", "0912345678", "--yes"],
        ["lookup", CODE],
    ],
    ids=lambda words: words[0],
)
def test_what_cannot_be_recorded_is_not_done_and_not_shown(words: list[str], here: Desk) -> None:
    with closing(sqlite3.connect(here.place / "motcua.db")) as connection:
        connection.execute("DROP TABLE audit_head")

    done = here.types(*words)

    assert (done.code, done.out) == (1, "")
    assert here.in_database(lambda storage: storage.read(done_by_now)) == (0, 0, {}, OWNER_PHONE)


async def done_by_now(tx: Transaction) -> tuple[int, int, dict[str, Pause], str]:
    """Of all that the commands above do: drafts, numbers on the list, pauses, and whose phone is known."""
    (dossier,) = await tx.dossiers.find(CODE)
    return await tx.apologies.waiting(set()), await tx.do_not_send.count(), await tx.routing.pauses(), dossier.phone
