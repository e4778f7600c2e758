"""Which benchmarks stand in the table, how large each size of them is, and what its aims are."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `found` is None where it was not measured."""

    what: str
    found: float | str | None
    aim: str = ""
    is_met: bool | None = None
    """None where there is no aim, or nothing was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One `python -m benchmarks.NAME`, which prints one JSON object."""

    name: str
    title: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    """By size; else `--size` is given as it is."""
    lines: Callable[[Figures], Iterator[Line]]
    minutes: Mapping[str, float]
    """About how long on two cores."""

    def command(self, size: str) -> str:
        return f"python -m benchmarks.{self.name} {self.arguments.get(size, f'--size {size}')}".strip()


def at_least(what: str, found: float | None, aim: float, unit: str = "") -> Line:
    return Line(what, found, f"≥ {aim:g}{unit}", None if found is None else found >= aim)


def at_most(what: str, found: float | None, aim: float, unit: str = "") -> Line:
    return Line(what, found, f"≤ {aim:g}{unit}", None if found is None else found <= aim)


def nothing(what: str, found: float | None) -> Line:
    """What must not happen at all."""
    return Line(what, found, "0", None if found is None else not found)


def at(figures: Any, *path: str | int) -> Any:
    """What stands there; None where nothing does."""
    for step in path:
        try:
            figures = figures[step]
        except (KeyError, IndexError, TypeError):
            return None
    return figures


_HTTP = ("ours-http-sqlite", "ours-http-postgres", "ours-http-postgres-two")
_HTTP_AIMS = {"kannel-spool": 3.0, "kannel-file": 1.0, "jasmin-raised": 20.0}
_OWN = ("ours-sqlite", "ours-postgres")
_OWN_AIMS = {"kannel-spool": 8.0, "kannel-file": 3.0}


def peers(figures: Figures) -> Iterator[Line]:
    """The rows themselves stand in a table of their own: `benchmarks.results_text`."""
    ratios = figures["ratios"]
    for name in _HTTP:
        bare = "bare-http-sqlite" if name.endswith("sqlite") else "bare-http-postgres"
        for other, aim in {bare: 0.6, **_HTTP_AIMS}.items():
            yield at_least(f"{name} : {other}", ratios.get(f"{name}/{other}"), aim, " ×")
    for name in _OWN:
        for other, aim in {name.replace("ours", "bare"): 0.6, **_OWN_AIMS}.items():
            yield at_least(f"{name} : {other}", ratios.get(f"{name}/{other}"), aim, " ×")
        yield at_most(f"{name}, CPU a message", at(figures, "rows", name, "cpu_us"), 100, " µs")
    for name, row in figures["rows"].items():
        if name.startswith("ours") and "missing" not in row:
            yield nothing(f"{name}, rounds with a message lost or doubled", len(row["faults"]))


def expansion(figures: Figures) -> Iterator[Line]:
    for engine in ("sqlite", "postgres"):
        found = at(figures, engine)
        yield Line(f"{engine}: rows a second", at(found, "ours", "per_second"))
        yield at_least(f"{engine}: ratio to bare of 500 a commit", at(found, "ratio_to_bare_of_500"), 0.5, " ×")
        yield at_least(f"{engine}: ratio to the best bare", at(found, "ratio_to_best_bare"), 0.5, " ×")
        yield Line(f"{engine}: memory, MB", _pairs(at(found, "memory_mb")))


def lookups(figures: Figures) -> Iterator[Line]:
    for mirror in figures["mirrors"]:
        rows = mirror["rows"]
        for side in ("web", "chat"):
            ratio = at(mirror, "per_core_ratio", side)
            yield at_least(f"{rows:,} dossiers, {side}: a core's look-ups to a bare read", ratio, 0.5, " ×")
            yield Line(f"{rows:,} dossiers, {side}", _pairs(at(mirror, side)))
        yield Line(f"{rows:,} dossiers, bare", _pairs(at(mirror, "bare")))


def event_to_phone(figures: Figures) -> Iterator[Line]:
    for rate in figures["rates"]:
        per_second = rate["events_per_second"]
        alone, beside = (at(rate, side, "until_at_the_sms_centre") for side in ("alone", "during_the_broadcast"))
        what = f"{per_second:g} events a second"
        yield Line(f"{what}, alone: p50, ms", at(alone, "p50_ms"))
        yield at_most(f"{what}, alone: p99", at(alone, "p99_ms"), 250, " ms")
        yield Line(f"{what}, during a broadcast: p99, ms", at(beside, "p99_ms"))
        yield at_most(f"{what}, p99 during a broadcast to alone", at(rate, "p99_ratio"), 2, " ×")
        for side in ("alone", "during_the_broadcast"):
            found = at(rate, side)
            yield nothing(f"{what}, {side.replace('_', ' ')}: lost and doubled", _sum(found, "lost", "doubled"))


def scaling(figures: Figures) -> Iterator[Line]:
    for row in figures["rows"]:
        busy = f"{row['cpus_busy']} of {row['cpus']} CPUs busy"
        yield Line(f"{row['split']} ({busy}): messages a second", row["messages_per_second"])
        yield nothing(f"{row['split']}: sent twice", row["sent_twice"])


def growth(figures: Figures) -> Iterator[Line]:
    for engine in ("sqlite", "postgres"):
        for stage in at(figures, engine) or ():
            what = f"{engine}, {stage['rows']:,} rows: cost of a message to that in an empty table"
            yield at_most(f"{what}, time", stage["wall_ratio"], 1.2, " ×")
            yield at_most(f"{what}, CPU", stage["cpu_ratio"], 1.2, " ×")


def senders(figures: Figures) -> Iterator[Line]:
    rate = at(figures, "rate") or 0
    yield at_most("most parts within any second", at(figures, "busiest_second"), rate)
    yield at_most("most parts within any five seconds", at(figures, "busiest_five_seconds"), 5 * rate)
    yield nothing("doubled", at(figures, "doubled"))
    for name, found in figures.items():
        if name.endswith("_seconds") and not name.startswith("busiest"):
            yield (
                at_most(name.replace("_", " "), found, 10, " s")
                if isinstance(found, int | float)
                else Line(name.replace("_", " "), _pairs(found))
            )


def failover(figures: Figures) -> Iterator[Line]:
    for name, fault in figures["faults"].items():
        pauses = {key: each for key, each in fault.items() if "pause" in key}
        yield Line(f"{name}: seconds", _pairs(pauses))
        yield nothing(f"{name}: lost and doubled", _sum(fault, "lost", "doubled"))
        yield Line(f"{name}: uncertain, listed", at(fault, "uncertain"))


def mirror(figures: Figures) -> Iterator[Line]:
    yield Line("rows of the first import a second", at(figures, "first_import_rows_per_second"))
    yield Line("first import to a bare executemany, ×", at(figures, "first_import_to_bare"))
    yield Line("full re-scan to first import, ×", at(figures, "rescan_to_first_import"))
    yield Line("ms for a change and its message", at(figures, "ms_per_change_at_all"))
    yield Line("peak memory, MB, by rows", _pairs(at(figures, "peak_mib")))


def telegram(figures: Figures) -> Iterator[Line]:
    for name, found in figures.items():
        if isinstance(found, Mapping) and "kept" in found:
            shown = {key: each for key, each in found.items() if key != "kept"}
            yield Line(name, _pairs(shown), "kept", bool(found["kept"]))


BENCHMARKS = (
    Benchmark(
        name="peers", title="SMS, durable, beside Kannel and Jasmin", lines=peers,
        minutes={"ci": 3, "small": 10, "full": 14},
    ),
    Benchmark(
        name="expansion", title="A broadcast into the outbox", lines=expansion,
        minutes={"ci": 0.3, "small": 0.5, "full": 8},
    ),
    Benchmark(
        name="lookups_size", title="Look-ups", lines=lookups, minutes={"ci": 0.5, "small": 1.5, "full": 15},
    ),
    Benchmark(
        name="event_to_phone", title="From an event to the phone", lines=event_to_phone,
        minutes={"ci": 0.5, "small": 1.5, "full": 6},
    ),
    Benchmark(
        name="scaling", title="Processes on PostgreSQL", lines=scaling, minutes={"ci": 0.7, "small": 1.5, "full": 4},
    ),
    Benchmark(
        name="growth", title="As the tables grow", lines=growth, minutes={"ci": 0.5, "small": 2, "full": 30},
    ),
    Benchmark(
        name="senders", title="Senders that come and die", lines=senders,
        arguments={"ci": "--rate 100 --steady 4", "small": "--rate 300", "full": "--rate 300"},
        minutes={"ci": 1, "small": 1.5, "full": 1.5},
    ),
    Benchmark(
        name="failover_postgres", title="PostgreSQL fails over", lines=failover,
        arguments={"ci": "6 100", "small": "10 500", "full": "20 500"},
        minutes={"ci": 1.5, "small": 2, "full": 3},
    ),
    Benchmark(
        name="mirror", title="The mirror", lines=mirror,
        arguments={"ci": "20000", "small": "100000", "full": "1000000"}, minutes={"ci": 0.3, "small": 0.7, "full": 6},
    ),
    Benchmark(
        name="telegram_limit", title="Telegram's limit", lines=telegram,
        arguments={
            "ci": "--messages 150 --crowd 60 --paid 500", "small": "--messages 600 --crowd 100 --paid 1500",
            "full": "--messages 3000 --crowd 300 --paid 3000",
        },
        minutes={"ci": 0.5, "small": 1.5, "full": 5},
    ),
)  # fmt: skip


def _pairs(found: Any) -> str | None:
    if not isinstance(found, Mapping):
        return None if found is None else str(found)
    return "; ".join(
        f"{name.replace('_', ' ')} {each}" for name, each in found.items() if not isinstance(each, Mapping)
    )


def _sum(figures: Any, *names: str) -> float | None:
    found = [at(figures, name) for name in names]
    return None if None in found else sum(found)
