"""Every command that shows a person leaves an entry; and what a person may ask of those who keep her data."""

import json
import re
import stat
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
import typer

from bot import cli, privacy
from bot.alarms import AlarmName
from bot.health import judged
from bot.model.clock import Clock, utc_now
from bot.model.errors import StorageError
from bot.model.person import Address, Binding, Consent, Proof, Purpose
from bot.model.service import Feedback, FeedbackKind
from bot.ports import Storage, Transaction, Unwanted
from bot.readings import Rules, read
from tests.flows.broadcasting import office_over, sure
from tests.flows.citizens import Citizens
from tests.flows.test_held_commands import hold, item
from tests.flows.test_service_commands import noted, talking
from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row
from tests.support.making import OWNER_PHONE, START, Time, dossier

CODE = code_of(1)
HERS = re.compile(r"(?<!\d)(?:\+?84|0)?912345678(?!\d)|Nguyễn Thị|Quầy số 3 chậm")
"""Her number, her name, her words."""


@pytest.fixture
def here(service: Desk, office: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("LOGNAME", "tu")
    far = (utc_now() + timedelta(days=300)).strftime("%d/%m/%Y 16:30")
    office.exports(row(1, status="4", appointment=far), row(2, appointment="30/08/2024 16:30"))
    service.configure('[channels.web]\nkind = "webchat"\n[apologies]\npdf = false')
    service.said("source", "sync", "office")
    return service


def commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[str]:
    group = group or typer.main.get_command(cli.cli)
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from commands(each, (*before, name))
        else:
            yield " ".join((*before, name))


ACTS = {
    "api-key new", "api-key revoke", "apology approve", "apology change", "apology reject", "backup key", "backup list",
    "backup make", "backup verify", "broadcast approve", "broadcast cancel", "broadcast pause", "broadcast reject",
    "broadcast resume", "clerk close", "clerk reply", "db copy", "db trim", "demo", "do-not-send add",
    "do-not-send remove", "erase", "erasure refuse", "erasure request",
    "feedback answer", "held cancel", "held send", "import", "init",
    "migrate", "quarantine retry", "report rebuild", "restore", "restored close", "restored drop", "restored list",
    "restored mark", "restored release", "routes pause", "routes resume", "run", "send-test", "simulate",
    "source reconcile", "source release", "source sync", "staff disable", "staff enable", "staff grant", "staff invite",
    "staff reset", "staff sessions", "staff unlock", "staff withdraw", "template", "texts edit", "texts publish",
    "texts rollback", "zalo login", "zalo status",
}  # fmt: skip
"""They change something, or are about the service, its staff and its files; they show nobody. Whoever adds one that
shows a person has it run below."""


def test_every_command_that_shows_a_person_leaves_an_entry(here: Desk) -> None:
    handle, number = talking(here), noted(here)
    here.said("do-not-send", "add", "0912345678")
    here.said("apology", "draft", CODE, "--text", "chờ Sở trả lời")
    apology = here.json("apology", "list")["apologies"][0]["id"]
    hold(here, item("1"))
    here.said("erasure", "request", "0912345678")
    words = {
        "apology document": [apology, "--out", "x.docx"], "apology draft": [code_of(2)], "apology show": [apology],
        "audit export": ["--csv", "record.csv"], "broadcast show": ["PT-261122-0001"],
        "calendar due": ["22/11/2026", "3"],
        "clerk show": [handle], "code": [CODE], "consents": ["0912345678"], "feedback show": [number],
        "export-person": ["0912345678", "--file", "x.zip"], "link": [CODE], "lookup": [CODE], "sms": ["xin chào"],
        "source check": ["office"], "texts show": ["result"], "texts diff": ["result"], "texts history": ["result"],
        "texts preview": ["result", "--code", CODE], "texts lint": [], "unreachable": ["--file", "u.csv"],
    }  # fmt: skip
    silent, told = [], {}

    for command in sorted(set(commands()) - ACTS):
        before = entries(here)
        for more in ([], ["--json"]):
            done = here.types(*command.split(), *words.get(command, []), *more)
            if HERS.search(done.out):
                told[command] = entries(here) - before
                if not told[command]:
                    silent.append(command)

    assert silent == [], "what shows a person must be noted before it is shown: bot.command_record.looked"
    assert {"feedback show", "feedback list"} <= told.keys()
    assert not ACTS - set(commands())


def entries(desk: Desk) -> int:
    return desk.in_database(lambda storage: storage.read(lambda tx: tx.audit.head()))[0]


# Requests for erasure


def test_a_request_at_the_counter_is_noted_listed_and_answered_by_the_erasure(here: Desk) -> None:
    number = here.json("erasure", "request", "0912 345 678", "--by", "lan")["number"]
    again = here.json("erasure", "request", "+84912345678")["number"]
    listed = here.said("erasure", "list")
    [waiting] = here.json("erasure", "list")

    here.said("erase", "0912345678", "--yes", "--by", "hoa")
    after = here.said("erasure", "list")

    assert again == number
    assert number in listed
    assert "còn 71 giờ" in listed
    assert not HERS.search(listed)
    assert waiting["phone"] == "+8491•••678"
    assert "Không có yêu cầu xóa dữ liệu nào đang chờ" in after
    record = [(each["what"], each["subject"], each["by"]) for each in here.json("audit", "list")][::-1]
    assert record[0] == ("erasure.requested", number, "lan")
    assert ("person.erased", "", "hoa") in record
    assert "345678" not in json.dumps(record)


def test_an_answer_alone_ends_no_request_but_a_refusal_that_was_told_does(here: Desk) -> None:
    number = here.json("erasure", "request", "0912 345 678")["number"]

    early = here.refused("erasure", "refuse", number)
    here.types("feedback", "answer", number, "--text", "Hồ sơ đang bị khiếu nại, chưa xóa được", "--yes")
    after_answer = here.json("erasure", "list")
    here.said("erasure", "refuse", number.lower(), "--by", "hoa")
    again = here.refused("erasure", "refuse", number)

    assert "no request waits whose sender was told why" in early
    assert "no request waits" in again
    assert [each["number"] for each in after_answer] == [number]
    assert here.json("erasure", "list") == []
    assert ("erasure.refused", number, "hoa") in {
        (each["what"], each["subject"], each["by"]) for each in here.json("audit", "list")
    }


def test_what_is_no_number_is_said_to_be_none(here: Desk) -> None:
    for words in (
        ["erasure", "request", "x"],
        ["export-person", "x", "--file", "x.zip"],
        ["audit", "list", "--phone", "x"],
    ):
        assert "không phải số điện thoại / is no phone number" in here.refused(*words)


async def wish(storage: Storage, address: Address, phone: str = OWNER_PHONE, *, hours: float = 0, **given: Any) -> str:
    """Somebody asked by this way, so many hours ago."""
    values: dict[str, Any] = {
        "kind": FeedbackKind.ERASURE,
        "address": address,
        "channel": address.scheme,
        "text": "Xin xóa",
    } | given
    asked = Feedback(**values, phone=phone, at=START - timedelta(hours=hours))
    return await storage.write(lambda tx: tx.service.add_feedback(asked, day="261122", prefix="PA"))


@pytest.mark.parametrize(
    ("hours", "found"),
    [(47.9, []), (48, [True]), (71.9, [True]), (72, [False]), (200, [False])],
)
async def test_a_request_is_shown_after_two_days_and_an_alarm_after_three(
    sqlite_storage: Storage, hours: float, found: list[bool]
) -> None:
    await wish(sqlite_storage, Address("sms", OWNER_PHONE), hours=hours)
    await wish(sqlite_storage, Address("sms", "+84987654321"), "+84987654321", hours=1)

    readings = await sqlite_storage.read(lambda tx: read(tx, START))
    causes = [each for each in judged(readings, Rules(begun=START)) if each.name is AlarmName.ERASURE]
    await privacy.erase(sqlite_storage, OWNER_PHONE, Time())
    after = judged(await sqlite_storage.read(lambda tx: read(tx, START)), Rules(begun=START))

    assert [each.is_warning for each in causes] == found
    assert all(f"lâu nhất {int(hours)} giờ" in each.vietnamese for each in causes)
    assert [each for each in after if each.name is AlarmName.ERASURE] == []


async def test_an_erasure_that_fails_keeps_nobody_else_waiting(
    sqlite_storage: Storage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = OWNER_PHONE, "+84987654321"
    citizens = Citizens(sqlite_storage)
    await citizens.receive(dossier(1), dossier(2, phone=second))
    number = await wish(sqlite_storage, Address("sms", first), first)
    await wish(sqlite_storage, Address("sms", second), second)
    real = privacy.erase

    async def erase(storage: Storage, phone: str, clock: Clock, *, by: str = "") -> dict[str, int]:
        if phone == first:
            raise StorageError("away")
        return await real(storage, phone, clock, by=by)

    monkeypatch.setattr(privacy, "erase", erase)
    with pytest.raises(StorageError):
        await privacy.carry_out(sqlite_storage, citizens.time)

    waiting = [each.feedback.number for each in await sqlite_storage.read(privacy.requests)]
    assert waiting == [number]
    assert f"the request {number} for erasure could not be carried out: StorageError" in caplog.text


async def test_the_service_carries_out_what_was_confirmed_from_the_phone_itself_and_nothing_else(
    sqlite_storage: Storage,
) -> None:
    others = [f"+8498765432{n}" for n in range(4)]
    citizens = Citizens(sqlite_storage)
    await citizens.receive(dossier(1), *(dossier(n + 2, phone=phone) for n, phone in enumerate(others)))
    await citizens.bind(Address("zalo", "5551"), others[0])
    await citizens.bind(Address("zalo", "5552"), others[2])
    await citizens.write("xóa dữ liệu")
    await citizens.write("1")
    await citizens.write("xóa dữ liệu", Address("zalo", "5551"))
    await citizens.write("đúng", Address("zalo", "5551"))
    counter = await privacy.request(sqlite_storage, others[1], citizens.time, prefix="PA", text="Tại quầy")
    unbound = await wish(sqlite_storage, Address("zalo", "777"), others[3])
    another = await wish(sqlite_storage, Address("zalo", "5552"), others[3])

    done = [await privacy.carry_out(sqlite_storage, citizens.time) for _ in range(2)]

    dossiers = await sqlite_storage.read(
        lambda tx: tx.dossiers.get_many("office", [dossier(number).code for number in range(1, 6)])
    )
    held = [dossiers[dossier(number).code].phone for number in range(1, 6)]
    waiting = {each.feedback.number for each in await sqlite_storage.read(privacy.requests)}
    entries = await sqlite_storage.read(lambda tx: tx.audit.listed((), limit=9))
    assert done == [2, 0]
    assert held == ["", "", others[1], others[2], others[3]]
    assert waiting == {counter, unbound, another}
    assert {(each.what, each.way, each.by) for each in entries} == {("person.erased", "chat", "")}


async def test_an_erasure_reaches_what_waits_and_a_list_that_was_handed_in(sqlite_storage: Storage) -> None:
    """A draft's recipients, a message held for the morning, a document that is to go with it."""
    staff = office_over(sqlite_storage)
    draft = await staff.listed(3)
    [first, *_] = await sqlite_storage.read(lambda tx: tx.broadcasts.rows(draft.id, after=0, limit=9))

    taken = await privacy.erase(sqlite_storage, first.phone, staff.clock)
    rows = await sqlite_storage.read(lambda tx: tx.broadcasts.rows(draft.id, after=0, limit=9))
    await staff.approved(sure(await staff.broadcasts.draw_up(draft.id, by="lan")))
    await staff.look(3)
    sent = await sqlite_storage.read(lambda tx: tx.outbox.planned())

    assert taken == {"broadcast_recipients": 1}
    assert (rows[0].phone, dict(rows[0].values), rows[0].left_out) == ("", {}, "erased")
    assert sent == 3, "two recipients and the trial to the staff"


# What a person may have


def test_a_person_gets_everything_that_is_kept_of_her_in_a_private_file(here: Desk) -> None:
    noted(here)
    bound = Binding(Address("telegram", "770000111"), OWNER_PHONE, Proof.CODE, START, START, "telegram")
    consent = Consent(bound.address, Purpose.UPDATES, "bind/1", START)

    async def fill(storage: Storage) -> None:
        async def work(tx: Transaction) -> None:
            await tx.people.bind(bound)
            await tx.people.agree([consent])
            await tx.do_not_send.add([Unwanted(Address("sms", OWNER_PHONE), START, "citizen", "STOP")])

        await storage.write(work)

    here.in_database(fill)

    said = here.said("export-person", "0912 345 678", "--file", "x.zip", "--by", "lan")
    here.said("export-person", "0912345678", "--file", "x.json")

    path = here.place / "x.zip"
    with ZipFile(path) as archive:
        names = archive.namelist()
        content = json.loads(archive.read("du-lieu.json"))
        page = archive.read("tom-tat.html").decode()
    tables = content["tables"]
    assert names == ["du-lieu.json", "tom-tat.html"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tables["dossiers"][0]["code"] == CODE
    assert tables["consents"][0]["purpose"] == "updates"
    assert tables["bindings"][0]["address"] == "telegram:770000111"
    assert json.loads((here.place / "x.json").read_text("utf-8"))["tables"] == tables
    assert "<h2>Hồ sơ</h2>" in page
    assert CODE in page
    assert "Nguyễn Thị Mai" not in json.dumps(tables["feedback"], ensure_ascii=False), "another chat wrote that"
    assert "Nguyễn Thị Ánh" in page
    assert "x.zip" in said
    assert [each["what"] for each in here.json("audit", "list")] == ["person.exported", "person.exported"]
    assert "345678" not in json.dumps(here.json("audit", "list"))


def test_where_it_cannot_be_recorded_there_is_no_file(here: Desk) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(here.place / "motcua.db")) as connection:
        connection.execute("DROP TABLE audit_head")

    done = here.types("export-person", "0912345678", "--file", "x.zip")

    assert done.code == 1
    assert [each.name for each in here.place.iterdir() if "x.zip" in each.name] == []


def test_a_file_of_another_kind_is_refused(here: Desk) -> None:
    assert "only .zip or .json" in here.refused("export-person", "0912345678", "--file", "x.txt")
    assert "cannot be written" in here.refused("export-person", "0912345678", "--file", "nowhere/x.zip")


# Who saw whom


def test_the_record_of_one_person_is_found_by_her_number_and_does_not_hold_it(here: Desk) -> None:
    mine = noted(here, address=Address("sms", OWNER_PHONE))
    other = noted(here, address=Address("sms", "+84987654321"), phone="+84987654321")
    here.said("lookup", CODE)
    here.said("feedback", "show", mine)
    here.said("feedback", "show", other)
    here.said("apology", "draft", CODE)

    found = here.json("audit", "list", "--phone", "0912 345 678")
    late = here.json("audit", "list", "--phone", "0912345678", "--since", "2099-01-01")

    subjects = {(each["what"], each["subject"]) for each in found}
    assert {("dossier.looked", CODE), ("feedback.looked", mine)} <= subjects
    assert ("feedback.looked", other) not in subjects
    assert late == []
    assert "person.traced" in [each["what"] for each in here.json("audit", "list")]
    assert "345678" not in json.dumps(here.json("audit", "list"))
    assert "--phone chỉ đi với" in here.refused("audit", "list", "--phone", "0912345678", "--by", "lan")
