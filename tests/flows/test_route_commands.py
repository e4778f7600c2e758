"""`motcua routes …` and `motcua budget`, as the office's IT people type them."""

from datetime import timedelta

import pytest

from bot.model.clock import utc_now
from bot.model.message import DeliveryState
from bot.ports import BUDGET, Move, Settlement, Storage
from tests.support.desk import Desk
from tests.support.making import message

ROUTED = """
[channels.esms]
kind = "sms_smpp"
host = "127.0.0.1"
system_id = "motcua"
password = "env:MOTCUA_TEST_PASSWORD"
source_addr = "8041"
prices = { viettel = 300, default = 350 }
[channels.vnpt]
kind = "sms_smpp"
host = "127.0.0.1"
system_id = "motcua"
password = "env:MOTCUA_TEST_PASSWORD"
source_addr = "8041"
[routes.default]
gateways = { esms = 70, vnpt = 30 }
[routes.so-xay-dung]
agencies = ["H32.10"]
sender = "SXD-KH"
gateways = { vnpt = 100 }
[budget]
monthly = 100000
agencies = { "H32.10" = 2000 }
"""


@pytest.fixture
def routed(service: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("MOTCUA_TEST_PASSWORD", "secret")
    service.configure(ROUTED)
    return service


async def _spend(storage: Storage) -> None:
    """Three messages of an agency below H32.10 are taken for 700 đồng each, and one is held for want of money."""
    now = utc_now()
    items = [
        message(
            agency="H32.10.02", channel="so-xay-dung", route="so-xay-dung", created_at=now, next_at=now,
            expires_at=now + timedelta(days=1),
        )
        for _ in range(4)
    ]  # fmt: skip
    await storage.write(lambda tx: tx.outbox.enqueue(items))
    claimed = await storage.write(
        lambda tx: tx.outbox.claim("so-xay-dung", gateway="vnpt", owner="o", now=now, lease_until=now, limit=4)
    )
    first, *rest = [each.item.id for each in claimed]
    held = Settlement(
        item_id=first, owner="o", state=DeliveryState.HELD, at=now, reason="budget of H32.10", held_for=BUDGET,
        attempted=False,
    )  # fmt: skip
    taken = [
        Settlement(item_id=each, owner="o", state=DeliveryState.ACCEPTED, at=now, references=(each,), cost=700)
        for each in rest
    ]
    await storage.write(lambda tx: tx.outbox.settle([held, *taken]))


def test_the_list_says_which_way_each_route_goes_and_how_the_gateways_fare(routed: Desk) -> None:
    routed.in_database(
        lambda storage: storage.write(
            lambda tx: tx.routing.move(Move("vnpt", utc_now(), 100, 40, "25% of 40 receipts took longer than 5 min"))
        )
    )

    said = routed.said("routes", "list")

    assert "esms: 70, vnpt: 30" in said
    assert "SXD-KH" in said
    assert "giảm còn / down to 40%" in said
    assert "viettel 300, default 350" in said


def test_the_list_is_there_for_programs_too(routed: Desk) -> None:
    found = routed.json("routes", "list")

    assert [route["name"] for route in found["routes"]] == ["default", "so-xay-dung"]
    assert {gateway["name"]: gateway["share"] for gateway in found["gateways"]}["esms"] == 100


def test_without_routes_it_says_so(service: Desk) -> None:
    assert "No routes: all goes by the first SMS channel." in service.said("routes", "list")


def test_a_route_is_paused_and_resumed_by_somebody_for_a_reason(routed: Desk) -> None:
    assert "Paused" in routed.said("routes", "pause", "so-xay-dung", "--reason", "đổi thương hiệu", "--by", "chi.lan")
    assert "paused already" in routed.said("routes", "pause", "so-xay-dung", "--reason", "x", "--by", "anh.nam")

    listed = routed.said("routes", "list")
    assert "chi.lan: đổi thương hiệu" in listed

    assert "works again" in routed.said("routes", "resume", "so-xay-dung", "--by", "chi.lan")
    assert "not paused" in routed.said("routes", "resume", "so-xay-dung", "--by", "chi.lan")
    told = routed.said("routes", "moves")
    assert "đổi thương hiệu" in told
    assert "chi.lan" in told


def test_a_pause_needs_a_reason(routed: Desk) -> None:
    assert routed.types("routes", "pause", "vnpt").code == 2


def test_a_name_that_is_neither_route_nor_channel_is_asked_back(routed: Desk) -> None:
    assert "did you mean: so-xay-dung?" in routed.refused("routes", "pause", "so-xay-dug", "--reason", "x")


def test_moves_of_nothing_say_so(routed: Desk) -> None:
    assert "Nothing has moved yet." in routed.said("routes", "moves")
    assert routed.json("routes", "moves") == []


def test_the_budget_says_what_is_spent_what_is_left_and_what_waits(routed: Desk) -> None:
    routed.in_database(_spend)

    said = routed.said("budget")
    (agency,) = routed.json("budget")["agencies"]

    assert "H32.10" in said
    assert (agency["agency"], agency["spent"], agency["budget"], agency["messages"], agency["held"]) == (
        "H32.10", 2100, 2000, 3, 1,
    )  # fmt: skip
    assert agency["forecast"] >= 2100


def test_another_month_can_be_asked_for(routed: Desk) -> None:
    (agency,) = routed.json("budget", "--month", "2025-02")["agencies"]

    assert agency["spent"] == 0
    assert "xin viết tháng như 2026-11" in routed.refused("budget", "--month", "November")


def test_check_says_which_kinds_of_message_have_no_registered_template(routed: Desk) -> None:
    routed.configure(
        "[channels.esms.templates]\nprogress = { pattern = 'Ho so {1}' }\n"
        "[channels.viettel]\nkind = 'sms_smpp'\nhost = '127.0.0.1'\nport = 1\nsystem_id = 'x'\nsource_addr = '8041'\n"
        "password = 'env:MOTCUA_TEST_PASSWORD'\ntemplates_required = true\nsandbox = true\n"
        "[channels.viettel.templates]\nresult = { pattern = 'Ho so {1}' }"
    )

    said = routed.types("check").out

    assert "! kênh / channel viettel: chưa có mẫu tin đăng ký" in said
    (line,) = [each for each in said.splitlines() if "will not be sent: " in each]
    missing = line.partition("will not be sent: ")[2].split(", ")
    assert {"progress", "received", "supplement", "apology", "refused", "stopped", "withdrawn"} <= set(missing)
    assert not {"result", "result_early", "result_post", "result_online"} & set(missing)
    assert "viettel (sms_smpp): chế độ thử: không gửi gì ra ngoài / sandbox: nothing leaves the house" in said
    assert "channel esms: chưa" not in said, "there they are checked but not required"


def test_a_route_that_leads_nowhere_stops_every_command(routed: Desk) -> None:
    routed.configure("[routes.phuong]\ngateways = { vnp = 1 }")

    assert "did you mean: vnpt?" in routed.refused("routes", "list")


def test_numbers_are_put_on_the_do_not_send_list_and_taken_off_again(service: Desk) -> None:
    (service.place / "numbers.txt").write_text("0912 345 678\n\n+84987654321\n", encoding="utf-8")

    assert "2 added" in service.said(
        "do-not-send", "add", "--file", "numbers.txt", "--reason", "gọi tới", "--by", "lan"
    )
    assert "0 added; 1 were on the list already" in service.said("do-not-send", "add", "0912345678")
    listed = service.said("do-not-send", "list")
    assert "sms:+8491•••678" in listed
    assert "912345678" not in listed
    assert service.json("do-not-send", "list")["number"] == 2
    assert "1 taken off; 0 were not on it" in service.said("do-not-send", "remove", "0912345678")


def test_a_list_with_a_wrong_number_is_refused_as_a_whole_and_the_line_is_named(service: Desk) -> None:
    (service.place / "numbers.txt").write_text("0912345678\nkhông phải số\n", encoding="utf-8")

    assert "numbers.txt:2:" in service.refused("do-not-send", "add", "--file", "numbers.txt")
    assert service.json("do-not-send", "list")["number"] == 0
    assert "--file" in service.refused("do-not-send", "add")
