"""What clerks are told about a message."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.model.message import DeliveryState
from bot.texts import sentence
from tests.support.making import message

AT = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "reason", "vietnamese"),
    [
        (DeliveryState.DELIVERED, "stat:DELIVRD err:000", "Đã tới máy lúc 10:02 22/11/2026"),
        (DeliveryState.ACCEPTED, "", "Nhà mạng đã nhận lúc 10:02 22/11/2026, chưa có báo phát"),
        (DeliveryState.FAILED, "ESME_RINVDSTADR (0x0B)", "Không gửi được: số không tồn tại"),
        (DeliveryState.FAILED, "stat:UNDELIV err:011", "Không gửi được: máy không nhận được tin"),
        (DeliveryState.FAILED, "stat:WEIRD err:999", "Không gửi được: stat:WEIRD err:999"),
        (DeliveryState.SUPPRESSED, "no phone number", "Không gửi: hồ sơ không có số điện thoại"),
        (DeliveryState.SUPPRESSED, "asked for important news only", "Không gửi: người nhận chỉ nhận tin quan trọng"),
        (
            DeliveryState.HELD,
            "budget of H32.10 for 2026-11 is used up",
            "Tạm giữ: cơ quan đã dùng hết hạn mức tháng này",
        ),
        (
            DeliveryState.SUPPRESSED,
            "no registered template for progress at vnpt",
            "Không gửi: chưa có mẫu tin đăng ký cho loại tin này",
        ),
        (DeliveryState.QUEUED, "", "Chờ gửi"),
        (
            DeliveryState.HELD,
            "too many at once from this source",
            "Tạm giữ: quá nhiều tin cùng lúc từ một nguồn, chờ người duyệt",
        ),
        (DeliveryState.HELD, "quiet hours until 06:00", "Tạm giữ: đang giờ yên tĩnh, hết giờ sẽ gửi"),
        (DeliveryState.SUPERSEDED, "a newer message took its place", "Không gửi: đã có tin mới hơn thay"),
        (DeliveryState.SUPERSEDED, "told in a digest: 01JD", "Không gửi: đã báo chung trong một tin gộp"),
        (DeliveryState.SUPPRESSED, "switched off: returned", "Không gửi: cơ quan không gửi loại tin này"),
        (DeliveryState.SUPPRESSED, "the dossier's spending cap", "Không gửi: hồ sơ đã dùng hết mức chi cho một hồ sơ"),
        (
            DeliveryState.QUEUED,
            "not confirmed in time by zalo",
            "Chờ gửi: đường trước không báo tới kịp, đi đường kế tiếp",
        ),
        (DeliveryState.FAILED, "no other way is left", "Không gửi được: không còn đường nào khác"),
    ],
)
def test_a_state_is_a_sentence(state: DeliveryState, reason: str, vietnamese: str) -> None:
    assert sentence(replace(message(), state=state, reason=reason, settled_at=AT)) == vietnamese


@pytest.mark.parametrize("state", list(DeliveryState))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_state_has_a_sentence_in_both_languages(state: DeliveryState, language: str) -> None:
    said = sentence(replace(message(), state=state, settled_at=AT), language)

    assert said
    assert "{" not in said
