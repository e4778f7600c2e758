"""The keeper of the tokens against the simulated Zalo, with real refreshers and a vault in a real database."""

import asyncio
import logging
import os
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.zalo.grant import REFRESHER_LIVES, Grant
from adapters.channels.zalo.launching import launch, order_for
from adapters.channels.zalo.refresher import NOT_SENT, ticks
from adapters.channels.zalo.spool import Spool
from adapters.channels.zalo.tokens import Keeper
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.model.message import ChannelDown, Retry
from bot.ports import Vault
from bot.vaults import vault_for
from tests.adapters.zalo.support import (
    ACCESS,
    APP_SECRET,
    NAME,
    REFRESH,
    Zalo,
    database,
    free_port,
    grant,
    settings_for,
    simulated,
)
from tests.support.making import Time


@dataclass
class Office:
    """Keepers, each as a process of its own would have one, over one vault."""

    zalo: Zalo
    vaults: Sequence[Vault]
    keepers: Sequence[Keeper]
    spool: Path
    time: Time

    async def kept(self) -> Grant:
        found = await self.keepers[0].grant()
        assert found is not None
        return found


@asynccontextmanager
async def office(
    place: Path, *, kept: Grant | None, processes: int = 1, simulated_with: dict[str, Any] | None = None, **changes: Any
) -> AsyncIterator[Office]:
    time = Time(utc_now())
    async with simulated(**(simulated_with or {})) as zalo, database(place) as storage:
        settings = settings_for(zalo.base, place / "spool", **changes)
        vaults = [vault_for(storage, NAME, clock=time) for _ in range(processes)]
        if kept:
            await vaults[0].keep(kept.text)
        keepers = [Keeper(NAME, settings, vault, clock=time) for vault in vaults]
        try:
            yield Office(zalo, vaults, keepers, place / "spool", time)
        finally:
            for keeper in keepers:
                await keeper.close()


def due(**changes: Any) -> Grant:
    return grant(utc_now(), hours=5, age=20, **changes)


def dead(**changes: Any) -> Grant:
    return grant(utc_now(), hours=-1, age=26, **changes)


async def test_a_pair_is_renewed_well_before_its_end_and_kept(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due()) as us:
        (keeper,) = us.keepers

        await keeper.tend()

        kept = await us.kept()
        assert await us.zalo.rotations() == 1
        assert kept.access_token not in ("", ACCESS)
        assert kept.expires_at - us.time.now > timedelta(hours=24)
        assert await keeper.current() == kept.access_token
        assert list(us.spool.iterdir()) == [], "what is in the vault need not lie in a file"


async def test_before_that_nothing_is_exchanged(tmp_path: Path) -> None:
    async with office(tmp_path, kept=grant(utc_now(), hours=7, age=18)) as us:
        await us.keepers[0].tend()

        assert await us.zalo.rotations() == 0
        assert await us.keepers[0].current() == ACCESS


async def test_a_new_pair_is_not_used_before_it_is_durable(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due()) as us:
        vault = Fragile(us.vaults[0], keeps=1)  # the note that it was begun, and not the pair
        keeper = Keeper(NAME, settings_for(us.zalo.base, us.spool), vault, clock=us.time)

        with pytest.raises(StorageError):
            await keeper.tend()

        assert await us.zalo.rotations() == 1
        assert await keeper.current() == ACCESS
        assert (await us.kept()).refresh_token == REFRESH
        (file,) = us.spool.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(us.spool.stat().st_mode) == 0o700
        vault.keeps = 99
        await keeper.tend()
        assert (await us.kept()).refresh_token != REFRESH
        assert await us.zalo.rotations() == 1, "the answer was waiting in the spool"


@dataclass
class Fragile:
    """A vault whose database goes away after so many writes."""

    vault: Vault
    keeps: int

    async def read(self) -> str:
        return await self.vault.read()

    async def keep(self, content: str) -> None:
        if self.keeps == 0:
            raise StorageError("the database is away")
        self.keeps -= 1
        await self.vault.keep(content)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Vault | None]:
        async with self.vault.turn() as ours:
            yield self if ours else None


async def test_of_many_processes_one_renews_and_all_use_the_new_pair(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due(), processes=6) as us:
        await us.zalo.fault(refresh_delay=0.2)

        await asyncio.gather(*(keeper.tend() for keeper in us.keepers))
        for keeper in us.keepers:
            await keeper.tend()

        kept = await us.kept()
        assert await us.zalo.rotations() == 1
        assert [await keeper.current() for keeper in us.keepers] == [kept.access_token] * 6


async def test_a_hundred_messages_that_meet_a_dead_token_wait_for_one_renewal(tmp_path: Path) -> None:
    async with office(tmp_path, kept=dead()) as us:
        tokens = await asyncio.gather(*(us.keepers[0].current() for _ in range(100)))

        assert set(tokens) == {(await us.kept()).access_token}
        assert await us.zalo.rotations() == 1


async def test_a_message_waits_a_while_when_another_process_renews(tmp_path: Path) -> None:
    async with office(tmp_path, kept=dead(), processes=2) as us:
        here, there = us.keepers
        async with us.vaults[1].turn():
            waiting = await here.current()

        assert waiting == Retry("the access token is being renewed", 2.0, counts=False)
        assert await there.current() == (await us.kept()).access_token
        assert await here.current() == (await us.kept()).access_token


async def test_an_error_body_changes_nothing_and_after_a_pause_it_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path, kept=due()) as us:
        (keeper,) = us.keepers
        await us.zalo.fault(refresh_error=True)

        await keeper.tend()

        refused = await us.kept()
        assert (refused.access_token, refused.refresh_token) == (ACCESS, REFRESH)
        assert "the tokens were not renewed: error -14019" in caplog.text
        assert await keeper.current() == ACCESS
        await us.zalo.fault(refresh_error=False)
        await keeper.tend()
        assert await us.zalo.rotations() == 0, "not before a minute is over"
        us.time.pass_(seconds=61)
        await keeper.tend()
        assert await us.zalo.rotations() == 1


async def test_an_answer_that_was_lost_is_not_asked_for_again_while_the_old_token_lives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path, kept=due(), processes=2) as us:
        await us.zalo.fault(refresh_lost=True)
        await us.keepers[0].tend()
        await us.zalo.fault(refresh_lost=False)

        us.time.pass_(hours=4, minutes=50)
        for keeper in us.keepers:
            await keeper.tend()
            assert await keeper.current() == ACCESS

        assert await us.zalo.rotations() == 1
        assert "its answer is not known" in caplog.text


async def test_when_the_old_token_has_ended_it_is_tried_once_more_and_then_a_person_is_called(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due()) as us:
        (keeper,) = us.keepers
        await us.zalo.fault(refresh_lost=True)
        await keeper.tend()
        await us.zalo.fault(refresh_lost=False)
        us.time.pass_(hours=5, minutes=1)

        down = await keeper.current()

        assert isinstance(down, ChannelDown)
        assert "motcua zalo login zalo" in down.reason
        assert "error -14014" in down.reason
        assert (await us.kept()).refresh_token == REFRESH


async def test_a_lost_request_that_zalo_never_saw_is_made_good_then(tmp_path: Path) -> None:
    begun = due().begun(utc_now() - timedelta(hours=1), "a machine that burnt down")
    async with office(tmp_path, kept=begun) as us:
        (keeper,) = us.keepers
        await keeper.tend()
        assert await us.zalo.rotations() == 0
        us.time.pass_(hours=5, minutes=1)

        assert await keeper.current() == (await us.kept()).access_token
        assert await us.zalo.rotations() == 1


async def test_what_a_dead_process_left_in_the_spool_is_taken_in_first(tmp_path: Path) -> None:
    begun = due().begun(utc_now(), "here")
    async with office(tmp_path, kept=begun) as us:
        spool = Spool(us.spool)
        spool.prepare()
        spool.place(REFRESH).write_text(
            f'{{"kind": "answered", "begun_at": {utc_now().timestamp()}, "status": 200, "body": '
            '"{\\"access_token\\": \\"a-new-access-token\\", \\"refresh_token\\": \\"a-new-refresh-token\\", '
            '\\"expires_in\\": \\"90000\\"}"}'
        )

        await us.keepers[0].tend()

        assert (await us.kept()).refresh_token == "a-new-refresh-token"
        assert await us.zalo.rotations() == 0
        assert list(us.spool.iterdir()) == []


async def test_a_file_that_was_half_written_is_an_answer_that_is_lost(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due().begun(utc_now(), "here")) as us:
        spool = Spool(us.spool)
        spool.prepare()
        spool.place(REFRESH).write_text('{"kind": "answ')

        await us.keepers[0].tend()

        kept = await us.kept()
        assert kept.attempt
        assert kept.attempt.is_lost
        assert await us.zalo.rotations() == 0


async def test_behind_a_closed_door_nothing_was_asked_and_nothing_is_unknown(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due(), oauth_url=f"http://127.0.0.1:{free_port()}") as us:
        await us.keepers[0].tend()

        kept = await us.kept()
        assert kept.attempt is None
        assert kept.trouble == "cannot reach it (ConnectionRefusedError)"
        assert await us.keepers[0].current() == ACCESS


async def test_without_room_for_the_answer_nothing_is_asked(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due()) as us:
        us.spool.write_text("a file where the folder should be")

        await us.keepers[0].tend()

        assert (await us.kept()).trouble == "the folder `spool` cannot be written to"
        assert await us.zalo.rotations() == 0


async def test_the_program_itself_asks_nothing_where_it_cannot_write(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due()) as us:
        spool = Spool(us.spool)
        spool.prepare()
        spool.place(REFRESH).with_suffix(".part").mkdir()

        await us.keepers[0].tend()

        kept = await us.kept()
        assert (kept.attempt, kept.trouble) == (None, "the folder `spool` cannot be written to")
        assert await us.zalo.rotations() == 0


async def test_a_new_pair_that_zalo_does_not_take_either_calls_for_a_person_and_not_for_more_pairs(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, kept=grant(utc_now(), age=1)) as us:
        (keeper,) = us.keepers
        first = await keeper.renewed(ACCESS)
        assert isinstance(first, str)

        second = await keeper.renewed(first)

        assert second == ChannelDown(
            "Zalo không nhận cả token mới: xem quyền của ứng dụng với OA / Zalo refuses a token that is new"
        )
        assert await us.zalo.rotations() == 1


async def test_without_a_consent_the_channel_says_what_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with office(tmp_path, kept=None) as us:
        down = await us.keepers[0].current()
        await us.keepers[0].tend()

        assert isinstance(down, ChannelDown)
        assert "motcua zalo login zalo" in down.reason
        assert "motcua zalo login zalo" in caplog.text


async def test_a_refresh_token_near_its_end_raises_an_alarm_once_an_hour(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path, kept=grant(utc_now(), hours=24, age=80 * 24)) as us:
        for _ in range(3):
            await us.keepers[0].tend()
        us.time.pass_(minutes=59)
        await us.keepers[0].tend()
        told = caplog.text.count("the refresh token ends about")
        us.time.pass_(minutes=2)
        await us.keepers[0].tend()

        assert told == 1
        assert caplog.text.count("the refresh token ends about") == 2


async def test_no_secret_is_in_the_programs_arguments_environment_or_in_any_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("adapters", "bot", "aiohttp", "asyncio"):
        caplog.set_level(logging.DEBUG, logger)
    async with office(tmp_path, kept=due()) as us:
        await us.zalo.fault(refresh_delay=0.3)
        tending = asyncio.create_task(us.keepers[0].tend())
        seen = await program_of_ours()
        await tending
        kept = await us.kept()

        assert b"refresher.py" in seen
        for secret in (ACCESS, REFRESH, APP_SECRET, kept.access_token, kept.refresh_token):
            assert secret.encode() not in seen
            assert secret not in caplog.text


async def program_of_ours() -> bytes:
    """Arguments and environment of the refresher, as everybody on the machine could see them."""
    async with asyncio.timeout(20):
        while True:
            for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
                arguments = Path(f"/proc/{child}/cmdline").read_bytes()
                if b"refresher.py" in arguments:
                    return arguments + Path(f"/proc/{child}/environ").read_bytes()
            await asyncio.sleep(0.01)


async def test_a_stop_in_the_middle_lets_the_refresher_finish_and_its_answer_is_found(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due(), processes=2) as us:
        stopped, next_one = us.keepers
        await us.zalo.fault(refresh_delay=0.3)
        tending = asyncio.create_task(stopped.tend())
        await program_of_ours()

        tending.cancel()
        await stopped.close()

        async with asyncio.timeout(20):
            while not list(us.spool.glob("*.json")):
                await asyncio.sleep(0.02)
        await next_one.tend()
        assert (await us.kept()).refresh_token != REFRESH
        assert await us.zalo.rotations() == 1


async def test_who_was_held_up_after_the_note_asks_nothing_for_others_may_have_asked_since(tmp_path: Path) -> None:
    async with office(tmp_path, kept=due()) as us:
        spool = Spool(us.spool)
        spool.prepare()
        order = order_for(settings_for(us.zalo.base, us.spool), REFRESH, spool.place(REFRESH))

        await launch({**order, "begin_by": ticks() - 0.001})

        told = spool.answer(REFRESH)
        assert told
        assert told.kind == NOT_SENT
        assert await us.zalo.rotations() == 0
        assert 0 < order["begin_by"] - ticks() <= REFRESHER_LIVES.total_seconds() - order["seconds"]
