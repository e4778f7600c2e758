"""How quickly every page of the console opens at the size of a province.

    python -m benchmarks.console                  1,000,000 dossiers, 5,000,000 messages; SQLite and PostgreSQL
    python -m benchmarks.console --dossiers 100000 --engines sqlite --requests 30 --keep FOLDER

Makes the database (`--keep`: or opens the one that an earlier run made there), opens the console over it, and asks for
every page that `routes_of` names and for the searches, one after the other, through real HTTP: as somebody of the whole
province who has every role, and as somebody of one commune. Every answer is read to its end. Prints a table in Markdown
and, with `--json FILE`, writes the same as JSON. What is above 300 ms at the 95th percentile is marked.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from adapters.channels import log
from benchmarks.console_filling import add_the_rest, embedded_postgres, fill_postgres, fill_sqlite
from benchmarks.console_rows import AGENCIES, MESSAGES, SOURCE, Province
from bot.api_keys import fresh_key
from bot.desk import handle_of
from bot.model.api import ApiRight, KeyKind
from bot.model.broadcast import Audience, Broadcast
from bot.model.clock import VIETNAM
from bot.model.person import Address
from bot.model.service import Talk
from bot.model.staff import Grant, Role
from bot.model.wording import Wording
from bot.ports import Storage
from bot.ports.console import Outcomes
from bot.web.console.server import routes_of
from storage import open_storage
from tests.web.console.rig import Clerk, Rig, open_rig

LIMIT = 300.0
"""Milliseconds, at the 95th percentile."""
_COMMUNE = 7
"""The agency of somebody who may see no other."""
_SAMPLES = 10
"""Dossiers and messages that the requests take turns with."""
_FILES = ("/tep", "/tai", ".csv", "/van-ban", "/tai-ve")
"""What is in the path of a download: a file takes as long as it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A page, or a search: several addresses, or forms, of the same kind."""

    name: str
    paths: Sequence[str]
    form: Mapping[str, str] | None = None
    """For a POST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    engine: str
    page: str
    who: str
    status: int
    requests: int
    p50: float
    p95: float
    most: float
    """All in milliseconds."""
    kilobytes: float


def pages(rig: Rig, province: Province, known: Mapping[str, str]) -> tuple[list[Asked], list[str]]:
    """Every page with addresses to open, and the paths for which there are no values."""
    newest = province.newest_of(_COMMUNE)
    numbers = [newest - place * (newest // AGENCIES // 20) * AGENCIES for place in range(_SAMPLES)]
    values: dict[str, list[dict[str, str]]] = {
        "/ho-so/": [{"source": SOURCE, "code": province.code(number)} for number in numbers],
        "/tin-nhan/": [{"id": province.message_id(number, number % MESSAGES)} for number in numbers],
        "/xin-loi/": [{"id": known["apology"]}],
        "/hop-thu/phan-anh/": [{"number": known["feedback"]}],
        "/mau-tin/": [{"situation": "progress"}],
        "/nhan-su/": [{"id": known["member"]}],
        "/kenh/": [{"name": "webchat"}],
        "/nguon/": [{"name": SOURCE, "way": "tha"}],
        "/phat-tin/": [{"id": known["broadcast"]}],
        "/khoa-api/": [{"id": known["key"]}],
        "/hop-thu/trao-doi/": [{"handle": known["talk"]}],
    }
    found: list[Asked] = []
    unknown: list[str] = []
    for route in routes_of(rig.console):
        if route.method != "GET" or route.is_open or route.half_open or any(each in route.path for each in _FILES):
            continue
        given: list[dict[str, str]] = next(
            (each for start, each in values.items() if route.path.startswith(start)), [{}]
        )
        try:
            paths = [route.path.format(**each) for each in given]
        except KeyError:
            unknown.append(route.path)
            continue
        query = f"?nguon={SOURCE}&ma={province.code(numbers[0])}" if route.path == "/xin-loi/moi" else ""
        found.append(Asked(route.path or "/", [path + query for path in paths]))
    return found, unknown


def searches(province: Province) -> list[Asked]:
    """What people look for: common things, rare ones, and what is not there."""
    last, old = province.dossiers - 1, province.dossiers // 2
    day = datetime.fromtimestamp(province.received(old) / 1000, VIETNAM)
    agency, code, phone = province.agency(_COMMUNE), province.code(old), province.phone(old)
    deep = f"{province.received(old)}~{code}~{SOURCE}"
    queries = {
        "/ho-so": (
            f"ma={province.code(last)[:10]}", f"co-quan={agency}", "thu-tuc=1.000017", "trang-thai=4", "trang-thai=10",
            "trang-thai=7", "tre=1", f"co-quan={agency}&trang-thai=3", "thu-tuc=1.000017&trang-thai=5", f"truoc={deep}",
            f"tre=1&co-quan={agency}",
        ),
        "/tin-nhan": (
            *(f"trang-thai={each}" for each in Outcomes), "kenh=webchat", "loai=apology", f"co-quan={agency}",
            f"co-quan={agency}&trang-thai=failed",
            f"ngay={day:%d/%m/%Y}", f"ma={code}", f"truoc={province.message_id(old, 0)}",
        ),
    }  # fmt: skip
    by_address = [Asked(f"{path}?{each}", [f"{path}?{each}"]) for path, asked in queries.items() for each in asked]
    forms = [("/ho-so", {"so": phone}), ("/tin-nhan", {"so": phone}), ("/tin-nhan", {"so": "+84999999999"})]
    names = ("Nguyễn Thị Lan", "anh", "Trần Văn Không Có", "hoàng thị minh khanh")
    forms += [("/ho-so", {"ten": name}) for name in names]
    return by_address + [Asked(f"POST {path} {_shown(form)}", [path], form) for path, form in forms]


def _shown(form: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={'…' if name == 'so' else value}" for name, value in form.items())


async def measure(engine: str, who: str, clerk: Clerk, asked: Asked, requests: int) -> Timed:
    """Two requests that nobody counts, and then so many."""
    times, length, worst = [], 0, 200
    for turn, path in zip(range(-2, requests), cycle(asked.paths), strict=False):
        begun = time.perf_counter()
        page = await (clerk.get(path) if asked.form is None else clerk.post(path, asked.form))
        if turn >= 0:
            times.append((time.perf_counter() - begun) * 1000)
        length, worst = max(length, len(page)), max(worst, clerk.status)
    cut = quantiles(times, n=20)
    return Timed(
        engine=engine, page=asked.name, who=who, status=worst, requests=len(times), p50=round(median(times), 1),
        p95=round(cut[-1], 1), most=round(max(times), 1), kilobytes=round(length / 1024, 1),
    )  # fmt: skip


async def run(engine: str, storage: Storage, province: Province, requests: int, only: str) -> list[Timed]:
    """Every page and search, for both people."""
    with tempfile.TemporaryDirectory() as folder:
        sources = {SOURCE: {"kind": "folder", "path": folder}}
        lines = Path(folder) / "tin.jsonl"
        channels = {"webchat": {"kind": "webchat"}, "tin": {"kind": "log", "path": str(lines)}}
        async with (
            log.open("tin", log.Settings(path=lines)) as channel,
            open_rig(storage, [channel], sources=sources, channels=channels) as rig,
        ):
            known = await storage.read(lambda tx: _known(tx, province)) | await _made(rig, province)
            province_wide = await rig.staff(*Role, login=f"tinh-{engine}-{time.time_ns()}")
            commune = await rig.staff(
                *(Grant(role, province.agency(_COMMUNE)) for role in Role), login=f"xa-{engine}-{time.time_ns()}"
            )
            known["member"] = province_wide.member.id
            found, unknown = pages(rig, province, known)
            for path in unknown:
                print(f"  {path}: no values for it, not measured")
            timed = []
            for asked in [*found, *searches(province)]:
                if only not in asked.name:
                    continue
                for who, clerk in (("province", province_wide), ("commune", commune)):
                    await clerk.get("/toi")
                    timed.append(await measure(engine, who, clerk, asked, requests))
            return timed


async def _made(rig: Rig, province: Province) -> dict[str, str]:
    """What only the service itself makes: a broadcast to everybody of a commune, an API key, a conversation."""
    agency, broadcasts = province.agency(_COMMUNE), rig.app.broadcasts
    draft = await broadcasts.begin(title="Mời nhận kết quả", agency=agency, by="lan")
    wording = Wording(
        chat="Kính mời Ông/Bà nhận kết quả hồ sơ {{ code }}.", sms="Kinh moi Ong/Ba nhan ket qua {{ code }}."
    )
    await broadcasts.change(
        draft.id, revision=draft.revision, by="lan", wording=wording, audience=Audience(agencies=(agency,))
    )
    begun = time.perf_counter()
    drawn = await broadcasts.draw_up(draft.id, by="lan")
    people = drawn.people if isinstance(drawn, Broadcast) else drawn
    print(f"  a broadcast to {people} people of a commune, drawn up in {time.perf_counter() - begun:.1f} s")
    fresh = fresh_key(KeyKind.LIVE, "do-dac", agency=agency, rights=frozenset(ApiRight), by="lan", at=rig.clock())
    await rig.storage.write(lambda tx: tx.api.add(fresh.key))
    talk = Talk(
        address=Address("zalo", "4711"), channel="zalo", agency=agency, begun_at=rig.clock(), heard_at=rig.clock()
    )
    await rig.storage.write(lambda tx: tx.service.begin_talk(talk))
    return {"broadcast": draft.id, "key": fresh.key.id, "talk": handle_of(talk)}


async def _known(tx: Any, province: Province) -> dict[str, str]:
    feedback = await tx.service.feedbacks(limit=1)
    apologies = await tx.apologies.of_dossier(SOURCE, province.code(province.dossiers - 1))
    return {"feedback": feedback[0].number, "apology": apologies[0].id}


@asynccontextmanager
async def filled(engine: str, province: Province, folder: Path) -> AsyncIterator[Storage]:
    """The database, made where it is not there."""
    if engine == "postgres":
        async with embedded_postgres(folder / "postgres") as url, open_storage(url) as storage:
            await storage.migrate()
            print(f"  filled in {await fill_postgres(url, province):.0f} s")
            await _rest(storage, province)
            yield storage
        return
    path = folder / f"console-{province.dossiers}.db"
    is_new = not path.exists()
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
    if is_new:
        print(f"  filled in {await asyncio.to_thread(fill_sqlite, path, province):.0f} s")
    async with open_storage(f"sqlite:{path}") as storage:
        if is_new:
            await _rest(storage, province)
        yield storage


async def _rest(storage: Storage, province: Province) -> None:
    begun = time.perf_counter()
    await add_the_rest(storage, province, share=max(province.dossiers // 20_000, 10))
    print(f"  and the rest in {time.perf_counter() - begun:.0f} s")


def table(timed: Sequence[Timed]) -> str:
    """In Markdown; slow ones are marked."""
    lines = ["| engine | page | who | status | p50 ms | p95 ms | most ms | KB |", "|---|---|---|--:|--:|--:|--:|--:|"]
    for each in timed:
        slow = " **slow**" if each.p95 > LIMIT else ""
        lines.append(
            f"| {each.engine} | `{each.page}` | {each.who} | {each.status} | {each.p50} | {each.p95}{slow} "
            f"| {each.most} | {each.kilobytes} |"
        )
    return "\n".join(lines)


async def main(given: argparse.Namespace) -> None:
    timed: list[Timed] = []
    with tempfile.TemporaryDirectory(prefix="motcua-console-") as temporary:
        folder = Path(given.keep) if given.keep else Path(temporary)
        province = Province(given.dossiers, _now(folder))
        for engine in given.engines.split(","):
            print(f"{engine}: {given.dossiers:,} dossiers, {given.dossiers * MESSAGES:,} messages")
            async with filled(engine, province, folder) as storage:
                timed += await run(engine, storage, province, given.requests, given.only)
    print(table(timed))
    if given.json:
        text = json.dumps([asdict(each) for each in timed], indent=1)
        await asyncio.to_thread(Path(given.json).write_text, text, encoding="utf-8")
    over = [each for each in timed if each.p95 > LIMIT]
    failed = sum(each.status >= 500 for each in timed)
    print(f"{len(timed)} pages and searches, {len(over)} above {LIMIT:.0f} ms, {failed} failed")


def _now(folder: Path) -> datetime:
    """When the database that is kept there was made: its rows are counted from that moment."""
    note = folder / "console.now"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(datetime.now(UTC).replace(microsecond=0).isoformat(), encoding="ascii")
    return datetime.fromisoformat(note.read_text(encoding="ascii"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--dossiers", type=int, default=1_000_000)
    parser.add_argument("--engines", default="sqlite,postgres")
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--keep", default="")
    parser.add_argument("--only", default="", help="pages with this in their name")
    parser.add_argument("--json", default="")
    asyncio.run(main(parser.parse_args()))
