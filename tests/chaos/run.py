"""One run: builds the town, lets it live under kills, lets it come to rest, and calls the judge."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.api_keys import fresh_key
from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.model.api import ApiRight, KeyKind
from bot.model.clock import utc_now
from bot.ports import Storage
from bot.roles import Role
from tests.chaos.books import Books
from tests.chaos.evidence import gather
from tests.chaos.house import KEY, House
from tests.chaos.judge import Verdict, judge
from tests.chaos.keeper import Keeper, keeping
from tests.chaos.kills import Killer, Tally
from tests.chaos.load import Done, Load
from tests.chaos.office import Office
from tests.support import postgres

COMES_TO_REST_WITHIN = 60.0
"""Seconds after the last kill in which everything that waits must have left or ended."""
_STILL = 1.5
"""Seconds without any change after which it has come to rest."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is run."""

    engine: str
    kills: int
    seed: int
    pause: float = 0.12
    """Seconds between two new dossiers."""
    only: frozenset[str] = frozenset()
    is_long: bool = False
    """Every step must have been somebody's death."""


@dataclass
class Ran:
    """What came of it."""

    wanted: Wanted
    verdict: Verdict
    kills: dict[str, int] = field(default_factory=dict)
    at_random: dict[str, int] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    """Every step that was passed by any process → how often one was killed there."""
    where: dict[str, dict[str, int]] = field(default_factory=dict)
    """Step → slot → how often its process was killed there."""
    seconds: float = 0.0
    rested: float = 0.0
    """Seconds from the last kill until nothing waited any more."""
    ledger: str = ""
    alone: list[str] = field(default_factory=list)
    """Processes that ended without a kill."""
    waited: dict[str, int] = field(default_factory=dict)
    """What had not come to rest when the time was over."""
    refused: dict[str, int] = field(default_factory=dict)
    """Starts that found no database, by slot."""


async def run(wanted: Wanted, folder: Path) -> Ran:
    """Raises where the run itself cannot go on; what is wrong with the service is in the verdict."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        server = None
        url = f"sqlite:{folder / 'motcua.db'}"
        if wanted.engine == "postgres":
            server = await stack.enter_async_context(postgres.server(folder / "postgres"))
            url = server.url
        house = House.planned(folder, url, is_split=server is not None)
        house.write()
        office = Office([f"http://127.0.0.1:{slot.port}" for slot in house.hearing], KEY)
        await stack.enter_async_context(office.open(house.office))
        keeper = await stack.enter_async_context(keeping(house))
        centre, *_ = [await keeper.simulate(name) for name in ("smsc", "telegram", "hooked")]
        desk = await stack.enter_async_context(_desk(house))
        books = Books(url)
        rng = random.Random(wanted.seed)
        load = Load(house, office, books, rng=rng, pause=wanted.pause, api_key=await _api_key(desk.storage))
        tally = Tally(wanted.kills, lambda: wanted.is_long and bool(keeper.untouched))
        killer = Killer(keeper, tally, rng=rng, server=server, only=wanted.only)
        async with asyncio.TaskGroup() as tasks:
            living = tasks.create_task(load.run(desk.broadcasts))
            await killer.run(house.slots, centre)
            last_kill = time.monotonic()
            load.stop()
            # What has not come to its end by then is what the judge will miss.
            await asyncio.wait([living], timeout=COMES_TO_REST_WITHIN)
            living.cancel()
        waited = await _rest(house, books, load.done)
        evidence = await gather(house, office, load.done, desk.storage, books)
        rested = time.monotonic() - last_kill
        ran = _summed_up(wanted, keeper, tally, judge(evidence))
        ran.waited = waited
        ran.seconds, ran.rested, ran.ledger = time.monotonic() - began, rested, evidence.ledger
        return ran


@asynccontextmanager
async def _desk(house: House) -> AsyncIterator[App]:
    """The staff's own process: drafts and approves broadcasts, does nothing else, and is killed by nobody."""
    config = Config.model_validate(house.configuration(house.slots[0]))
    async with open_app(read_plan(config), migrate=True, roles={Role.WEB}) as app:
        yield app


async def _api_key(storage: Storage) -> str:
    fresh = fresh_key(KeyKind.LIVE, "chaos", agency="", rights=list(ApiRight), by="lan", at=utc_now())
    await storage.write(lambda tx: tx.api.add(fresh.key))
    return fresh.shown


def _summed_up(wanted: Wanted, keeper: Keeper, tally: Tally, verdict: Verdict) -> Ran:
    passed = {step for steps in keeper.passed.values() for step in steps}
    return Ran(
        wanted=wanted,
        verdict=verdict,
        kills=dict(tally.by_slot),
        at_random=dict(tally.at_random),
        steps={step: keeper.struck[step] for step in sorted(passed)},
        where={step: dict(slots) for step, slots in keeper.where.items()},
        alone=list(tally.alone),
        refused=dict(tally.refused),
    )


async def _rest(house: House, books: Books, done: Done) -> dict[str, int]:
    """Returns when nothing waits and nothing has changed for a while; what still waits when the time is over."""
    last: object = None
    since = time.monotonic()
    deadline = since + COMES_TO_REST_WITHIN
    while True:
        states = await books.rows("SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state")
        now = (states, await books.rows("SELECT COUNT(*) FROM inbound"))
        if now != last:
            last, since = now, time.monotonic()
        waiting = {
            name: number for name, number in (await _waiting(house, books, done, dict(states))).items() if number
        }
        if time.monotonic() > deadline or (not waiting and time.monotonic() - since > _STILL):
            return waiting
        await asyncio.sleep(0.2)


async def _waiting(house: House, books: Books, done: Done, states: dict[str, int]) -> dict[str, int]:
    """Messages, updates that Telegram has not got rid of, what waits at the centre, broadcasts that are not handed out,
    and deadlines of which nobody was told."""
    under_way = "SELECT id FROM broadcasts WHERE state IN ('approved', 'running') AND handed_out < people"
    noted = await books.rows("SELECT code FROM deadline_notes WHERE stage = 'hours'")
    waiting = {state: states.get(state, 0) for state in ("queued", "sending")}
    waiting["broadcasts"] = len(await books.rows(under_way))
    waiting["deadlines"] = len({*done.due} - {code for (code,) in noted})
    async with aiohttp.ClientSession() as http:
        for name, port in (("telegram", house.telegram), ("hook", house.hook)):
            async with http.get(f"http://127.0.0.1:{port}/_control/stats") as answer:
                waiting[name] = int((await answer.json())["updates_waiting"])
        async with http.get(f"http://127.0.0.1:{house.smsc_control}/stats") as answer:
            waiting["centre"] = int((await answer.json())["waiting"])
    return waiting
