"""What the benchmark promises at Telegram's limit, with fewer messages: from the outbox to a strict simulator."""

import pytest

from benchmarks.telegram_limit import at_the_limit, beside_a_throttled_chat

pytestmark = pytest.mark.slow


async def test_at_the_limit_not_one_429_comes_and_hardly_a_turn_is_lost() -> None:
    found = await at_the_limit(120)

    assert found["answers_429"] == 0, found
    # In so short a run a machine that stalls for a tenth of a second would break the 29 of the long one.
    assert found["per_second"] >= 27, found


async def test_one_chats_429_delays_nobody_else() -> None:
    found = await beside_a_throttled_chat(40)

    assert found["answers_429"] >= 1, found
    assert found["kept"], found
