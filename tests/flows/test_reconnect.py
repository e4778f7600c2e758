"""PostgreSQL is restarted, killed, frozen, set read-only or replaced by its standby: the storage finds its way back."""

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import psutil
import pytest

from bot.demo.processes import free_port
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.ports import Claimed, Storage, Transaction
from storage import open_storage, postgres, postgres_hosts
from storage.postgres_hosts import Hosts, shown, urls_of
from tests.support.postgres import Server, server, url_of
from tests.support.storages import in_a_loop_of_its_own


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For the tests that leave it as it was."""
    made = Server(tmp_path_factory.mktemp("lasting") / "server", free_port())

    async def begin() -> None:
        await made.make()
        await made.start()
        async with open_storage(made.url) as storage:
            await storage.migrate()

    in_a_loop_of_its_own(begin())
    yield made
    made.kill()
    shutil.rmtree(made.folder)


@pytest.fixture
async def primary(tmp_path: Path) -> AsyncIterator[Server]:
    async with server(tmp_path / "primary") as made:
        yield made


async def take(storage: Storage, name: str) -> int:
    """A write with an answer: the fence of a lease."""
    now = utc_now()
    until = now + timedelta(minutes=1)
    return await storage.write(lambda tx: tx.leases.take(name, owner="me", now=now, until=until))


async def taken(storage: Storage, name: str) -> int:
    """The same, tried until the database answers again."""
    while True:
        try:
            return await take(storage, name)
        except StorageError:
            await asyncio.sleep(0.05)


async def claim(tx: Transaction, owner: str) -> list[Claimed]:
    now = utc_now()
    return await tx.outbox.claim("sms", owner=owner, now=now, lease_until=now + timedelta(minutes=1), limit=10)


async def ended(server: Server, how: str) -> None:
    if how == "kill":
        server.kill()
    else:
        await server.stop("fast" if how == "fast" else "immediate")


def freeze(lasting: Server, word: signal.Signals) -> None:
    assert lasting.pid
    postmaster = psutil.Process(lasting.pid)
    for each in (postmaster, *postmaster.children(recursive=True)):
        each.send_signal(word)


async def test_after_a_restart_the_pool_recovers_by_itself(lasting: Server) -> None:
    async with open_storage(lasting.url) as storage:
        for how in ("fast", "immediate", "kill"):
            await asyncio.gather(*(taken(storage, f"job{n}") for n in range(6)))

            await ended(lasting, how)
            async with asyncio.timeout(15):
                with pytest.raises(StorageError, match=r"cannot be reached|lost the connection|shut down"):
                    await take(storage, "job0")
            await lasting.start()

            assert await asyncio.gather(*(taken(storage, f"job{n}") for n in range(6)))


async def test_whoever_waits_in_a_statement_hears_of_the_end_at_once(lasting: Server) -> None:
    async with open_storage(lasting.url) as storage:
        held, may_end = asyncio.Event(), asyncio.Event()

        async def hold(tx: Transaction) -> None:
            await tx.leases.take("job", owner="me", now=utc_now(), until=utc_now())
            held.set()
            await may_end.wait()

        holding = asyncio.create_task(storage.write(hold))
        await held.wait()
        waiting = asyncio.create_task(take(storage, "job"))
        while not await lasting.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.02)
        lasting.kill()

        async with asyncio.timeout(15):
            with pytest.raises(StorageError):
                await waiting
            may_end.set()
            with pytest.raises(StorageError):
                await holding
        await lasting.start()


@pytest.mark.parametrize("way", ["read", "write"])
async def test_who_is_ended_while_the_server_is_gone_ends(postgres_storage_url: str, way: str) -> None:
    """A loop that bears every error of the database must still hear that it is to end."""
    async with open_storage(postgres_storage_url) as storage, open_storage(postgres_storage_url) as other:
        talking, rounds = asyncio.Event(), 0

        async def wait(tx: Transaction) -> None:
            await tx.leases.holders(["job"], now=utc_now())
            talking.set()
            await asyncio.Event().wait()

        async def work() -> None:
            nonlocal rounds
            while rounds < 3:
                rounds += 1
                with suppress(StorageError):
                    await (storage.read(wait) if way == "read" else storage.write(wait))

        working = asyncio.create_task(work())
        await talking.wait()
        connection = await asyncpg.connect(postgres_storage_url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle in transaction'"
        )
        await connection.close()
        await asyncio.sleep(0.1)
        working.cancel()
        await asyncio.wait([working], timeout=5)
        await taken(other, "job")

    assert working.cancelled()
    assert rounds == 1


async def test_a_server_that_does_not_answer_is_given_up_and_found_again(
    lasting: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_hosts, "_ANSWER_SECONDS", 0.7)
    monkeypatch.setattr(postgres_hosts, "_HOST_SECONDS", 1.0)
    async with open_storage(lasting.url) as storage:
        freeze(lasting, signal.SIGSTOP)
        try:
            async with asyncio.timeout(10):
                with pytest.raises(StorageError, match=r"answer in time|lost the connection"):
                    await take(storage, "job")
        finally:
            freeze(lasting, signal.SIGCONT)

        assert await taken(storage, "job")


async def test_a_commit_without_an_answer_is_perhaps_written(lasting: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits for a standby that is not there, as a primary does whose standby died."""
    monkeypatch.setattr(postgres, "_COMMIT_SECONDS", 0.5)
    async with open_storage(lasting.url) as storage:
        await lasting.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        await lasting.run("SELECT pg_reload_conf()")

        async with asyncio.timeout(20):
            with pytest.raises(StorageError, match="perhaps it was written"):
                await take(storage, "job")
        await lasting.run("ALTER SYSTEM RESET synchronous_standby_names")
        await lasting.run("SELECT pg_reload_conf()")

        assert await taken(storage, "job")


async def test_a_process_that_hangs_in_a_transaction_loses_its_locks(
    lasting: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = {**postgres_hosts._SERVER, "idle_in_transaction_session_timeout": "300ms"}
    monkeypatch.setattr(postgres_hosts, "_SERVER", patient)
    async with open_storage(lasting.url) as storage:
        held, may_end = asyncio.Event(), asyncio.Event()

        async def hang(tx: Transaction) -> None:
            await tx.leases.take("job", owner="hanging", now=utc_now(), until=utc_now() + timedelta(hours=1))
            held.set()
            await may_end.wait()

        hanging = asyncio.create_task(storage.write(hang))
        await held.wait()

        async with asyncio.timeout(20):
            assert await take(storage, "job"), "what the hanging one took was undone"
        may_end.set()
        with pytest.raises(StorageError):
            await hanging


async def test_a_sender_that_falls_silent_over_a_claim_soon_lets_the_others_claim(
    lasting: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_CLAIM_SILENCE", "300ms")
    async with open_storage(lasting.url) as storage:
        held, may_end = asyncio.Event(), asyncio.Event()

        async def fall_silent(tx: Transaction) -> None:
            await claim(tx, "silent")
            held.set()
            await may_end.wait()

        silent = asyncio.create_task(storage.write(fall_silent))
        await held.wait()

        async with asyncio.timeout(20):
            assert await storage.write(lambda tx: claim(tx, "other")) == []
        may_end.set()
        with pytest.raises(StorageError):
            await silent


async def test_a_server_waits_for_a_silent_claimer_for_the_time_of_its_claim_alone(lasting: Server) -> None:
    connection = await Hosts(lasting.url).connect()
    told = "SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('tcp_user_timeout')"
    try:
        async with connection.transaction():
            await postgres._Others(connection).announce_claiming()
            claiming = tuple(await connection.fetchrow(told))
        after = tuple(await connection.fetchrow(told))
    finally:
        await connection.close()

    assert claiming == ("3s", "3000")
    assert after == ("10s", "8000")


async def test_the_standby_takes_over_and_the_old_primary_is_not_believed(primary: Server, tmp_path: Path) -> None:
    second = await primary.standby(tmp_path / "second")
    url = url_of(primary, second)
    async with open_storage(url) as storage:
        await storage.migrate()
        first = await take(storage, "job")
        primary.kill()
        await second.promote()

        assert await taken(storage, "job") >= first, "nothing that was confirmed is lost"
        assert await taken(storage, "after")

        primary.configure({"synchronous_standby_names": ""})
        (primary.folder / "postgresql.auto.conf").write_text("")
        await primary.start()
        async with open_storage(url) as newcomer:
            assert await taken(newcomer, "later")
        assert await second.value("SELECT count(*) FROM leases WHERE name IN ('after', 'later')") == 2
        assert await primary.value("SELECT count(*) FROM leases WHERE name IN ('after', 'later')") == 0


async def test_a_primary_that_became_read_only_is_left(primary: Server, tmp_path: Path) -> None:
    second = await primary.standby(tmp_path / "second", is_synchronous=False)
    async with open_storage(url_of(primary, second)) as storage:
        await storage.migrate()
        await asyncio.gather(*(take(storage, f"job{n}") for n in range(4)))
        seen = await primary.value("SELECT pg_current_wal_lsn()::text")
        while not await second.value("SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", seen):
            await asyncio.sleep(0.02)
        await second.promote()
        await primary.run("ALTER SYSTEM SET default_transaction_read_only = on")
        await primary.run("SELECT pg_reload_conf()")
        while await primary.value("SHOW default_transaction_read_only") != "on":
            await asyncio.sleep(0.02)

        assert await taken(storage, "moved")

        assert await second.value("SELECT count(*) FROM leases WHERE name = 'moved'") == 1


async def test_no_server_that_takes_writes_is_said_in_words(primary: Server, tmp_path: Path) -> None:
    second = await primary.standby(tmp_path / "second")
    primary.kill()

    with pytest.raises(StorageError, match="không") as refused:
        async with open_storage(url_of(primary, second)):
            pass

    assert "postgres on 127.0.0.1" in str(refused.value)


async def test_a_connection_watches_whether_the_other_end_lives(lasting: Server) -> None:
    connection = await Hosts(lasting.url).connect()
    try:
        line = connection._transport.get_extra_info("socket")
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 6000
        assert await connection.fetchval("SHOW tcp_user_timeout") == "8000"
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "10s"
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("url", "alone"),
    [
        ("postgresql://u:p@h1/db", ["postgresql://u:p@h1/db"]),
        (
            "postgresql://u:p@h1:5432,h2:5433/db?target_session_attrs=read-write",
            [f"postgresql://u:p@{host}/db?target_session_attrs=read-write" for host in ("h1:5432", "h2:5433")],
        ),
        (
            "postgresql://h1,[::1]:5433/db?sslmode=require",
            [
                f"postgresql://{host}/db?sslmode=require&target_session_attrs=read-write"
                for host in ("h1", "[::1]:5433")
            ],
        ),
        (
            "postgresql://u@/db?host=/run/a,/run/b",
            [f"postgresql://u@/db?host=%2Frun%2F{each}&target_session_attrs=read-write" for each in "ab"],
        ),
    ],
)
def test_each_server_of_an_address_can_be_asked_alone(url: str, alone: list[str]) -> None:
    assert urls_of(url) == alone


def test_an_address_that_could_lead_to_a_standby_is_refused() -> None:
    with pytest.raises(StorageError, match="read-write"):
        urls_of("postgresql://h1,h2/db?target_session_attrs=any")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://u:secret@h1:5432,h2:5433/motcua", "motcua on h1, h2"),
        ("postgresql://u:secret@[::1]:5432/motcua", "motcua on ::1"),
        ("postgresql://u:secret@/motcua?host=/run/pg", "motcua on /run/pg"),
        ("postgresql://u:secret@h1,h1:5433/motcua", "motcua on h1"),
        ("postgresql:///motcua", "motcua on localhost"),
    ],
)
def test_an_operator_reads_the_database_and_its_servers_without_the_password(url: str, name: str) -> None:
    assert shown(url) == name
