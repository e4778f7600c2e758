"""Three real sender processes share one account: they join, one is killed, one is stopped; the SMS centre's log judges.

The long form with its figures is `python -m benchmarks.senders`.
"""

from pathlib import Path

import pytest

from benchmarks.senders import measured
from bot.sharing import DEAD, RENEW

RATE = 60


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_three_senders_never_exceed_the_accounts_rate_and_use_it_again_when_one_is_killed(
    postgres_storage_url: str, tmp_path: Path
) -> None:
    found = await measured(postgres_storage_url, tmp_path, RATE, steady=0.3)

    assert found["most_granted"] <= RATE
    # What a busy machine moves closer together on its way to the log is no more than a moment's worth.
    assert found["busiest_five_seconds"] <= 5 * RATE
    assert found["busiest_second"] <= 1.2 * RATE
    assert found["divided_after_kill_seconds"] <= DEAD + 4 * RENEW
    assert found["doubled"] == 0
