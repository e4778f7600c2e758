"""Receipts that come after three days."""

from pathlib import Path

from tests.chaos import late

EACH = 6


async def test_receipts_that_are_72_hours_late_settle_every_message_rightly_and_nothing_is_sent_again(
    tmp_path: Path,
) -> None:
    report = await late.run(tmp_path, each=EACH)

    assert (report.planned, report.lost, report.doubled, report.uncertain) == (6 * EACH, 0, 0, 0)
    assert report.sent == report.planned
    assert report.notes["sorts"] == {
        "never answered": {"delivered by first": EACH},
        "arrives": {"delivered by first": EACH},
        "in parts": {"delivered by first": EACH},
        "fails": {"failed by first": EACH},
        "next way taken": {"delivered by second": EACH},
        "next way taken, first fails": {"delivered by second": EACH},
    }
    assert report.notes["settled_late"] == 4 * EACH, "they were settled when the receipts came, not when they were due"
    before, after = report.notes["reported"]
    assert before == {"uncertain": EACH, "accepted": 3 * EACH, "delivered": 2 * EACH}
    assert after == {"delivered": 5 * EACH, "failed": EACH}
    assert report.notes["strangers"] == (5, 5, 0), "they are kept for a while, and then forgotten"
