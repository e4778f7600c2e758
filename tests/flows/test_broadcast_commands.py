"""`motcua broadcast …`, as heads and clerks type them."""

import pytest

from bot.model.broadcast import Broadcast
from bot.ports import Storage
from tests.flows.broadcasting import office_over
from tests.support.desk import Desk


@pytest.fixture
def number(service: Desk) -> str:
    """One with two hundred recipients that waits for approval, by Lan."""

    async def submitted(storage: Storage) -> Broadcast:
        office = office_over(storage)
        return await office.submitted(await office.listed(200))

    return service.in_database(submitted).id


def test_one_is_listed_shown_and_approved_by_another_person_with_a_record(service: Desk, number: str) -> None:
    listed = service.said("broadcast", "list")
    shown = service.said("broadcast", "show", number.lower())
    own = service.refused("broadcast", "approve", number, "--by", "Lan")
    approved = service.said("broadcast", "approve", number, "--by", "hoa")

    assert f"{number} “Nghỉ lễ”: chờ người khác duyệt, 200 người, 200 tin SMS, 80.000 đồng" in listed
    assert "ngày mai Bộ phận Một cửa nghỉ" in shown
    assert "submitted  lan" in shown
    assert "may not approve it" in own
    assert "đã duyệt, chờ đến giờ gửi" in approved
    entries = service.in_database(lambda storage: storage.read(lambda tx: tx.audit.listed((), limit=9)))
    recorded = [(each.way, each.what, each.by, each.subject) for each in entries if each.what.startswith("broadcast.")]
    assert recorded == [("command", "broadcast.approved", "hoa", number)]


def test_one_is_rejected_with_a_reason_and_a_record(service: Desk, number: str) -> None:
    refused = service.refused("broadcast", "reject", number, "--why", " ", "--by", "hoa")
    said = service.said("broadcast", "reject", number, "--why", "sai ngày", "--by", "hoa")

    assert "xin ghi lý do" in refused
    assert "không được duyệt" in said
    [entry] = service.in_database(lambda storage: storage.read(lambda tx: tx.audit.listed((), limit=1)))
    assert (entry.what, entry.by, entry.subject) == ("broadcast.rejected", "hoa", number)


def test_it_is_paused_goes_on_and_is_cancelled(service: Desk, number: str) -> None:
    service.said("broadcast", "approve", number, "--by", "hoa")

    said = [service.said("broadcast", act, number, "--why", "nhầm ngày") for act in ("pause", "resume", "cancel")]
    again = service.refused("broadcast", "resume", number)
    told = service.json("broadcast", "show", number)

    assert ["paused" in said[0], "waits for its hour" in said[1], "cancelled" in said[2]] == [True] * 3
    assert "Đợt này đã hủy, không làm vậy được nữa." in again
    assert (told["state"], [each["what"] for each in told["acts"]][-3:]) == (
        "cancelled",
        ["paused", "resumed", "cancelled"],
    )


def test_a_number_that_there_is_none_of_is_said_in_a_sentence(service: Desk) -> None:
    assert "there is no such broadcast" in service.refused("broadcast", "show", "PT-000000-0001").lower()
    assert "there is no such broadcast" in service.refused("broadcast", "pause", "PT-000000-0001").lower()
    assert "Chưa có đợt phát tin nào" in service.said("broadcast", "list")
