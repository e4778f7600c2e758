"""The source `push` for the contract suite: a one-stop software that sends what has changed, until it is answered."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from pydantic import SecretStr

from adapters.sources import push
from bot.mirror import Mirror
from bot.ports import Accept, Applied, Batch, Push, WebhookRequest
from tests.contract.sources import SOURCE, Opened, Record

_KEY = "a key for the contract suite"
_RECORDS_IN_A_CALL = 100


class _KilledError(Exception):
    """The process ended here."""


class Vendor:
    """Sends records in the order in which they were put; a call that was not answered is sent again."""

    def __init__(self, push: Push, waiting: list[Record], signs: list[str]) -> None:
        self._push = push
        self._waiting = waiting
        self._signs = signs

    async def deliver(self, mirror: Mirror, *, batches: int | None = None) -> Applied:
        total = Applied()
        left = batches

        async def accept(batch: Batch) -> Applied:
            nonlocal total, left
            if left == 0:
                raise _KilledError
            applied = await mirror.apply(batch)
            total += applied
            left = None if left is None else left - 1
            return applied

        while self._waiting and left != 0:
            records = self._waiting[:_RECORDS_IN_A_CALL]
            with suppress(_KilledError):
                await self._call("dossiers", records, accept)
            # As after a process that died before it could answer: the caller does not know that it was heard.
            if left != 0:
                del self._waiting[: len(records)]
        while self._signs and left != 0:
            await self._call(self._signs.pop(), None, accept)
        return total

    async def _call(self, path: str, records: Sequence[Record] | None, accept: Accept) -> None:
        body = json.dumps(records).encode()
        request = WebhookRequest(method="POST", path=path, query={}, headers={"x-api-key": _KEY}, body=body)
        answer = await self._push.receive(request, accept)
        assert answer.status in (200, 422), answer.status


class Bench:
    """`tests.contract.sources.SourceBench`."""

    kind = "push"

    def __init__(self) -> None:
        self._waiting: list[Record] = []
        self._signs: list[str] = []

    async def put(self, records: Sequence[Record]) -> None:
        self._waiting.extend(records)
        if not records:
            self._signs.append("alive")

    def open(self, name: str = SOURCE) -> AbstractAsyncContextManager[Opened]:
        return self._open(name)

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[Vendor]:
        async with push.open(name, push.Settings(keys=(SecretStr(_KEY),))) as source:
            assert source.push is not None
            yield Vendor(source.push, self._waiting, self._signs)


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """`tmp_path` stays empty: a software that calls leaves nothing on our disk."""
    yield Bench()
