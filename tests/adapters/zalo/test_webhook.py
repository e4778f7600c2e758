"""Who may tell us something, and what the recorded events of Zalo mean."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from adapters.channels.zalo.signature import Seal
from adapters.channels.zalo.webhook import ZaloWebhook
from bot.model.message import DeliveryState, Heard, InboundMessage, Receipt
from bot.model.person import Address
from bot.ports import WebhookRequest, WebhookResult
from tests.adapters.zalo.support import APP_ID, OA_ID, OA_SECRET, USER

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
RECORDED = Path(__file__).parent / "fixtures"
WEBHOOK = ZaloWebhook("zalo", Seal(OA_SECRET, (APP_ID, OA_ID)), oa_id=OA_ID, clock=lambda: NOW)


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes().strip()


def changed(name: str, **changes: Any) -> bytes:
    return json.dumps({**json.loads(recorded(name)), **changes}).encode()


def mac(body: bytes, timestamp: str, *, identity: str = APP_ID, secret: str = OA_SECRET) -> str:
    return hashlib.sha256(identity.encode() + body + timestamp.encode() + secret.encode()).hexdigest()


def signed(body: bytes, **headers: str) -> WebhookRequest:
    try:
        timestamp = json.loads(body).get("timestamp", "")
    except (ValueError, AttributeError):
        timestamp = ""
    ordinary = {"x-zevent-signature": f"mac={mac(body, str(timestamp))}"}
    return WebhookRequest("POST", "/webhooks/zalo", {}, {**ordinary, **headers}, body)


def told(name: str, **changes: Any) -> tuple[Any, ...]:
    """The events of a recorded call, perhaps changed, properly signed."""
    result = WEBHOOK.parse(signed(changed(name, **changes) if changes else recorded(name)))
    assert (result.status, result.body) == (200, b"")
    return result.events


def test_a_citizens_text_comes_with_her_id_of_this_account() -> None:
    (message,) = told("user_send_text")

    assert message == InboundMessage(
        channel="zalo",
        message_id="user_send_text:96d3cdf3af150460909",
        sender=Address("zalo", USER),
        text="tracuu H56.14-240823-0001 a1b2",
        at=datetime(2024, 11, 24, 4, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(("name", "kind"), [("follow", Heard.FOLLOWED), ("unfollow", Heard.LEFT)])
def test_following_and_leaving_are_heard(name: str, kind: Heard) -> None:
    (message,) = told(name)

    assert (message.kind, message.sender, message.text) == (kind, Address("zalo", USER), "")
    assert USER not in message.message_id


@pytest.mark.parametrize("name", ["user_submit_info", "user_send_business_card"])
def test_a_phone_in_a_form_or_on_a_card_is_claimed_and_not_vouched_for(name: str) -> None:
    (message,) = told(name)

    assert (message.kind, message.phone, message.sender) == (Heard.CLAIMED, "+84912345678", Address("zalo", USER))
    assert "912345678" not in repr(message)


def test_a_form_without_a_usable_phone_says_nothing() -> None:
    assert told("user_submit_info", info={"name": "x", "phone": "khong co"}) == ()


def test_a_picture_waits_for_an_answer_and_a_sticker_does_not() -> None:
    (picture,) = told("user_send_image")

    assert (picture.kind, picture.text) == (Heard.TEXT, "")
    assert told("user_send_sticker") == ()


def test_a_receipt_by_phone_carries_our_id_and_the_moment_of_delivery() -> None:
    (receipt,) = told("user_received_message_zbs")

    assert receipt == Receipt(
        channel="zalo",
        reference="15a0cc0bbb13bd4ce403",
        item_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        state=DeliveryState.DELIVERED,
        at=datetime(2024, 11, 24, 4, 0, 7, 111_000, tzinfo=UTC),
        whole=True,
    )


def test_a_receipt_of_free_text_and_seen_messages_are_known_by_zalos_ids() -> None:
    (received,) = told("user_received_message")
    seen = told("user_seen_message")

    assert (received.reference, received.item_id, received.whole) == ("15a0cc0bbb13bd4ce404", "", False)
    assert [(each.reference, each.state, each.reason) for each in seen] == [
        ("15a0cc0bbb13bd4ce404", DeliveryState.DELIVERED, "seen"),
        ("15a0cc0bbb13bd4ce405", DeliveryState.DELIVERED, "seen"),
    ]
    assert (received.seen, [each.seen for each in seen]) == (False, [True, True])


def test_another_programs_reference_is_not_taken_for_ours() -> None:
    (receipt,) = told("user_received_message_zbs", message={"msg_id": "abc", "tracking_id": "order-88213"})

    assert (receipt.item_id, receipt.reference) == ("", "abc")


def test_a_repeated_call_has_the_same_id_and_another_act_another() -> None:
    first, again = told("user_send_text"), told("user_send_text", num_retry="1")
    follow, later = told("follow"), told("follow", timestamp="1732420904000")

    assert first[0].message_id == again[0].message_id
    assert told("follow")[0].message_id == follow[0].message_id
    assert later[0].message_id != follow[0].message_id
    assert told("unfollow", timestamp="1732420804000")[0].message_id != follow[0].message_id


@pytest.mark.parametrize(
    "name", ["oa_send_text", "anonymous_send_text", "change_template_status", "change_oa_daily_quota"]
)
def test_what_is_no_citizens_word_is_acknowledged_and_nothing_more(name: str) -> None:
    assert told(name) == ()


def test_an_operator_is_told_when_zalo_changes_a_template(caplog: pytest.LogCaptureFixture) -> None:
    told("change_template_status")

    assert "the state of a template has changed" in caplog.text


def test_events_of_another_account_of_the_same_app_are_left_alone() -> None:
    assert told("user_send_text", recipient={"id": "99999"}) == ()
    assert told("follow", oa_id="99999") == ()


def test_control_signs_are_taken_out_and_the_text_is_composed() -> None:
    (message,) = told(
        "user_send_text", message={"text": normalize("NFD", "ti\x00ếp\x1b[31m nhận\ud800"), "msg_id": "m1"}
    )

    assert message.text == "tiếp[31m nhận"


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "99999999999999999999", "1e3", "253402300800000"])
def test_a_moment_that_is_none_or_still_to_come_is_now(timestamp: str) -> None:
    body = changed("user_send_text", timestamp=timestamp)
    request = signed(body, **{"x-zevent-timestamp": "7", "x-zevent-signature": f"mac={mac(body, '7')}"})

    (message,) = WEBHOOK.parse(request).events

    assert message.at == NOW


def test_an_id_or_timestamp_that_became_a_number_is_read_all_the_same() -> None:
    (message,) = told("user_send_text", timestamp=1732420800000, sender={"id": 8800000912345678})

    assert message.sender == Address("zalo", USER)


@pytest.mark.parametrize(
    "body",
    [
        b"null", b"[]", b'"x"', b"{}", b'{"event_name":5}', b'{"event_name":"user_send_text"}',
        b'{"event_name":"user_send_text","sender":{"id":"../../etc"},"message":{"text":"x","msg_id":"1"}}',
        b'{"event_name":"user_send_text","sender":"8800","message":[]}',
        b'{"event_name":"user_received_message"}', b'{"event_name":"follow","follower":null}',
        b'{"event_name":"user_submit_info","sender":{"id":"1"},"info":{"phone":["84"]}}',
        b'{"event_name":"user_send_business_card","sender":{"id":"1"},"message":{"attachments":[{"payload":7}]}}',
        b"[" * 100_000, b'{"event_name":"user_send_text","message":{"text":"\\ud800"}}',
    ],
)  # fmt: skip
def test_signed_nonsense_is_acknowledged_and_does_nothing(body: bytes) -> None:
    request = WebhookRequest(
        "POST", "/webhooks/zalo", {}, {"x-zevent-timestamp": "7", "x-zevent-signature": f"mac={mac(body, '7')}"}, body
    )

    result = WEBHOOK.parse(request)

    assert result.status == 200
    assert all(isinstance(event, InboundMessage) and not event.text for event in result.events)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-zevent-signature": ""},
        {"x-zevent-signature": "mac="},
        {"x-zevent-signature": "mac=" + "0" * 64},
        {"x-zevent-signature": "mac=\udcff\u1ebf"},
        {"x-zevent-signature": "mac=" + mac(recorded("user_send_text"), "1732420800000", secret="another")},
        {"x-zevent-signature": "mac=" + mac(recorded("user_send_text"), "1732420800001")},
        {"x-zevent-signature": "mac=" + mac(recorded("user_send_text"), "1732420800000", identity="5")},
        {"x-zevent-signature": "mac=" + mac(recorded("follow"), "1732420800000")},
    ],
)
def test_who_does_not_sign_with_our_secret_is_refused(headers: dict[str, str]) -> None:
    assert WEBHOOK.parse(signed(recorded("user_send_text"), **headers)) == WebhookResult(status=401)


def test_without_any_header_nobody_is_heard() -> None:
    assert WEBHOOK.parse(replace(signed(recorded("user_send_text")), headers={})) == WebhookResult(status=401)


def test_one_byte_more_than_was_signed_is_refused() -> None:
    request = signed(recorded("user_send_text"))

    assert WEBHOOK.parse(replace(request, body=request.body + b" ")) == WebhookResult(status=401)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"not json", b"{}"])
def test_unsigned_nonsense_is_refused(body: bytes) -> None:
    assert WEBHOOK.parse(replace(signed(recorded("follow")), body=body)).status == 401


def test_the_other_ways_in_which_integrators_sign_are_known_too() -> None:
    body = recorded("user_send_text")
    by_account = signed(body, **{"x-zevent-signature": mac(body, "1732420800000", identity=OA_ID).upper()})
    by_header = signed(body, **{"x-zevent-timestamp": "99", "x-zevent-signature": f"mac={mac(body, '99')}"})

    assert WEBHOOK.parse(by_account).status == 200
    assert WEBHOOK.parse(by_header).status == 200


def test_other_addresses_and_methods_are_nothing_of_ours() -> None:
    request = signed(recorded("follow"))

    assert WEBHOOK.parse(replace(request, path="/webhooks/zalo/x")).status == 404
    assert WEBHOOK.parse(replace(request, method="GET")).status == 405
