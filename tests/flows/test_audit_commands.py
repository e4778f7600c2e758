"""`motcua audit`: whether the record is whole, what stands in it, and as a file."""

import csv
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from bot.model.audit import Entry
from tests.support.desk import Desk
from tests.support.making import START


@pytest.fixture
def recorded(service: Desk) -> Desk:
    """Three entries; the second has a name that would be a formula."""
    entries = [
        Entry(at=START, by="lan", what="dossier.looked", subject="H56.14-240823-0001", agency="H56.14"),
        Entry(
            at=START + timedelta(days=1), by="hoa", what="channel.paused", subject="=sms", after={"reason": "bảo trì"}
        ),
        Entry(at=START + timedelta(days=2), by="lan", what="apology.approved", subject="XL-1", agency="H56"),
    ]
    service.in_database(lambda storage: storage.write(lambda tx: tx.audit.add(entries)))
    return service


def spoil(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(desk.place / "motcua.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_whole_record_is_told_with_the_head_to_be_noted(recorded: Desk) -> None:
    said = recorded.said("audit", "verify")
    told = recorded.json("audit", "verify")

    assert "Nhật ký nguyên vẹn: 3 dòng. / The record is whole." in said
    assert f"3:{recorded.json('audit', 'list', '--subject', 'XL-1')[0]['digest']}" in said
    assert (told["whole"], told["checked"], told["broken"]) == (True, 4, None)  # the first look is an entry itself
    assert told["head"]["number"] == 4


def test_a_broken_record_ends_in_a_sentence_and_exit_code_1(recorded: Desk) -> None:
    spoil(recorded, "UPDATE audit SET done_by = 'ai' WHERE number = 2")

    done = recorded.types("audit", "verify")

    assert done.code == 1
    assert "NHẬT KÝ KHÔNG NGUYÊN VẸN" in done.err
    assert "dòng số 2" in done.err
    assert "entry 2" in done.err


def test_a_record_that_was_cut_together_with_its_head_shows_beside_a_noted_digest(recorded: Desk) -> None:
    head = recorded.json("audit", "verify")["head"]
    spoil(recorded, "DELETE FROM audit WHERE number >= 3")
    spoil(recorded, "UPDATE audit_head SET number = 2, digest = (SELECT digest FROM audit WHERE number = 2)")

    beside = recorded.types("audit", "verify", "--head", f"{head['number']}:{head['digest']}")
    alone = recorded.types("audit", "verify")

    assert (alone.code, beside.code) == (0, 1)
    assert "bị cắt, từ dòng số 3" in beside.err


def test_a_break_is_told_even_where_the_record_takes_no_more_entries(recorded: Desk) -> None:
    spoil(recorded, "UPDATE audit_head SET number = 1")

    done = recorded.types("audit", "verify")

    assert done.code == 1
    assert "NHẬT KÝ KHÔNG NGUYÊN VẸN" in done.err
    assert "The broken record takes no more entries." in done.err


def test_a_noted_digest_that_was_not_copied_whole_is_refused(recorded: Desk) -> None:
    assert "SỐ:DẤU" in recorded.refused("audit", "verify", "--head", "3:abc")


def test_the_record_is_listed_by_person_kind_subject_agency_and_day(recorded: Desk) -> None:
    def numbers(*filters: str) -> list[int]:
        return [each["number"] for each in recorded.json("audit", "list", *filters)]

    day = f"{START + timedelta(days=1):%Y-%m-%d}"
    assert numbers() == [3, 2, 1]
    assert numbers("--by", "lan") == [3, 1]
    assert numbers("--what", "channel.") == [2]
    assert numbers("--subject", "XL-1") == [3]
    assert numbers("--agency", "H56") == [3, 1]
    assert numbers("--since", day, "--until", day) == [2]
    assert numbers("--limit", "1") == [3]
    assert "channel.paused" in recorded.said("audit", "list")


def test_the_record_is_a_file_for_excel_without_formulas(recorded: Desk) -> None:
    recorded.said("audit", "export", "--csv", "nhat-ky.csv")

    with (recorded.place / "nhat-ky.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    assert header[0] == "Số"
    assert [row[0] for row in rows] == ["3", "2", "1"]
    assert rows[1][5] == "'=sms"
    assert "bảo trì" in rows[1][8]


def test_an_export_without_a_file_says_so(recorded: Desk) -> None:
    assert "--csv" in recorded.refused("audit", "export")
