"""The first look-up key, or another one: each row that is found by a token gets a new one, while nobody works there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.model.clock import Clock, to_millis, utc_now
from bot.model.errors import StorageError
from bot.ports import Storage
from storage.engine import Engine
from storage.sealing.columns import TABLES
from storage.sealing.seal import Seal
from storage.sealing.state import State, state_of, verify_keys
from storage.sealing.walks import begin_turn, end_turn, turn_page
from storage.statements import Statements

_ALIVE = timedelta(minutes=1)
"""A process that gave a sign of life so lately may still be working there."""
_AT_ONCE = 1_000


Told = Callable[[str, int], None]
"""Hears of a table, and how many of its rows have been looked at."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the look-up key of a database and that of the ring stand to each other."""

    look_up: str
    """The name of the key that the rows are found by; empty: they are in the clear."""
    wanted: str
    """That of the ring."""

    @property
    def is_due(self) -> bool:
        return self.look_up != self.wanted


async def holds_sealed(storage: Storage) -> bool:
    """Whether what is personal is sealed there, or about to be; `storage` may be opened without keys."""
    if not isinstance(storage, Engine):
        raise TypeError("no database of ours")
    state = state_of(await storage.sealing_rows())
    return bool(state.look_up or state.turns_to)


class Turning:
    """Works past the check that keeps everybody else away while it is under way. What was begun is gone on with."""

    def __init__(self, storage: Storage, *, clock: Clock = utc_now) -> None:
        """`storage` as `open_storage` gives it, with keys."""
        if not isinstance(storage, Engine) or storage.seal is None:
            raise TypeError("no database of ours, or without keys")
        self._engine = storage
        self._seal: Seal = storage.seal
        self._clock = clock

    async def standing(self) -> Standing:
        """Raises `StorageError` where the database lacks migrations, or the ring one of its keys."""
        if pending := await self._engine.pending_migrations():
            raise StorageError(
                f"cơ sở dữ liệu thiếu / the database lacks {pending[0]}: xin chạy / run `motcua migrate`"
            )
        state = await self._state()
        verify_keys(self._seal, state, self._engine.shown)
        if not state.look_up and not state.turns_to:
            # An empty one needs no turn: it is sealed from its first row on.
            await self._engine.seal_if_empty()
            state = await self._state()
        return Standing("" if state.turns_to else state.look_up, self._seal.ring.look_up)

    async def require_silence(self) -> None:
        """Raises `StorageError` where somebody works on the database, or did within the last minute."""
        now = self._clock()
        alive: list[str] = []

        async def ask(sql: Statements) -> None:
            found = await sql.rows("sealing_alive", now=to_millis(now), since=to_millis(now - _ALIVE))
            alive.extend(sorted({row["owner"] for row in found}))

        await self._engine.write_unasked(ask)
        if alive:
            raise StorageError(
                f"dịch vụ đang chạy ({', '.join(alive)}): xin dừng rồi chạy lại lệnh này; nếu nó vừa bị giết, xin chờ "
                "một phút / the service is running: stop it first; wait a minute if it was killed"
            )

    async def turn(self, told: Told = lambda table, rows: None) -> int:
        """Every row gets its tokens under the ring's look-up key; how many rows were looked at. May be killed and run
        again: it goes on, and until its end nobody else can open the database. Raises `StorageError`."""
        await self.require_silence()
        seal = self._seal
        await self._write(lambda sql, at: begin_turn(sql, seal, at))
        total = 0
        for table in TABLES:
            rows = 0
            while (number := await self._turn_page(table)) is not None:
                rows += number
                told(table, rows)
            total += rows
        await self.require_silence()
        await self._write(lambda sql, at: end_turn(sql, seal, at))
        return total

    async def _turn_page(self, table: str) -> int | None:
        number: list[int | None] = []

        async def work(sql: Statements) -> None:
            known = sql.has(f"sealing_first_{table}")
            at = to_millis(self._clock())
            number.append(await turn_page(sql, self._seal, table, at, limit=_AT_ONCE) if known else None)

        await self._engine.write_unasked(work)
        return number[-1]

    async def _state(self) -> State:
        return state_of(await self._engine.sealing_rows())

    async def _write(self, work: Callable[[Statements, int], Awaitable[None]]) -> None:
        at = to_millis(self._clock())
        await self._engine.write_unasked(lambda sql: work(sql, at))
