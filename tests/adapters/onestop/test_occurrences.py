"""Whatever a citizen or the staff may be told happens in the fake province too, and every face tells it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.records.objects import ObjectReader
from adapters.records.settings import ObjectSettings
from adapters.simulators.onestop import Exporter, Record, Settings
from adapters.simulators.onestop.shapes import national, public, whole
from adapters.sources.folder import FolderSource
from adapters.sources.folder import Settings as FolderSettings
from bot.model.course import succeed
from bot.model.dossier import Dossier, Handing, Status, diff
from bot.model.message import FOR_STAFF, Situation
from bot.noticing import is_asked_again, is_to_be_collected
from bot.planning import Planner, Route
from bot.situation_settings import SituationSettings
from bot.situations import Silent, Situations
from bot.texts import Library
from tests.adapters.onestop.support import states

_NOT_OF_A_DOSSIER = {
    Situation.DIGEST, Situation.REPLY, Situation.TEST, Situation.CODE, Situation.ANSWER, Situation.NOTICE,
    Situation.BROADCAST,
}  # fmt: skip


@cache
def lives() -> list[list[Record]]:
    found: dict[str, list[Record]] = {}
    for state in states(Settings(dossiers_per_day=3_000, days=1), 60):
        found.setdefault(state.code, []).append(state)
    return list(found.values())


def _mirrored() -> Iterator[tuple[Dossier | None, Dossier]]:
    """Every state of every dossier as the mirror would keep it, after the one before."""
    reader = ObjectReader(ObjectSettings(), source="mc", place="/ho-so")
    for life in lives():
        before: Dossier | None = None
        for version, record in enumerate(life, 1):
            read = reader.read(version, whole(replace(record, version=version)))
            assert read is not None
            after = succeed(before, read, now=record.updated_at)
            yield before, after
            before = after
    assert reader.quarantined == []


def _planner(**settings: object) -> Planner:
    situations = Situations(SituationSettings.model_validate({"off": [], **settings}))
    return Planner(Route("sms", "sms", plain=True), Library(), lambda: "", "giờ hành chính", situations=situations)


def test_every_situation_of_a_dossier_occurs() -> None:
    plain = replace(_planner(births=["1.001193"], deaths=["1.000656"]), surveys=False)
    told: Counter[Situation] = Counter()
    for before, after in _mirrored():
        at = after.updated_at
        assert at is not None
        planned = plain.plan(diff(before, after, last_number=0, at=at), before, after, now=at)
        if not isinstance(planned, Silent):
            told[planned.situation] += 1

    assert set(Situation) - FOR_STAFF - _NOT_OF_A_DOSSIER - {Situation.SURVEY} - told.keys() == set()


def test_staff_have_reason_to_be_warned_and_the_post_office_has_something_to_collect() -> None:
    again = sum(is_asked_again(before, after) for before, after in _mirrored())
    collected = sum(is_to_be_collected(before, after) for before, after in _mirrored())

    assert again > 2
    assert 0.25 < collected / len(lives()) < 0.35


def test_papers_come_and_results_go_in_the_shares_of_the_settings() -> None:
    firsts = [life[0] for life in lives()]
    filed, returned = (Counter(getattr(record, name) for record in firsts) for name in ("filed_by", "returned_by"))

    assert filed[Handing.ONLINE] / len(firsts) == pytest.approx(18_080 / 93_281, abs=0.005)
    assert filed[Handing.POST] / len(firsts) == pytest.approx(0.05, abs=0.005)
    assert returned[Handing.POST] / len(firsts) == pytest.approx(34_221 / 93_281 - 0.05, abs=0.01)
    assert 0 < returned[Handing.ONLINE] / len(firsts) < 0.06


def test_what_is_due_is_paid_and_what_stands_goes_on() -> None:
    for life in lives():
        for before, after in pairwise(life):
            if before.status is Status.PAYMENT:
                assert before.fee
                assert (before.fee_paid_at, after.fee_paid_at) == (None, after.updated_at)
            if before.paused_at:
                assert after.paused_at is None
                assert after.appointment_at == before.appointment_at
                assert after.updated_at - before.updated_at < timedelta(days=14)
            if after.status is Status.DONE:
                assert bool(after.tracking) is (after.returned_by is Handing.POST)


async def test_every_face_tells_the_same_terms(tmp_path: Path) -> None:
    records = [life[at] for life in lives()[:600] for at in range(len(life))]
    newest = {record.code: record for record in records}.values()
    reader = ObjectReader(ObjectSettings(), source="mc", place="/ho-so")
    said = [_terms(record) for record in newest]
    Exporter(tmp_path).write(list(newest))

    [batch] = [batch async for batch in FolderSource("mc", FolderSettings(path=tmp_path, settle=0)).batches(None)]
    rows = [dossier.terms for dossier in batch.dossiers]
    objects = [[reader.read(1, shape(record)) for record in newest] for shape in (national, public)]

    assert rows == said
    assert all([each.terms if each else None for each in read] == said for read in objects)
    assert reader.quarantined == []


def _terms(record: Record) -> tuple[object, ...]:
    return Dossier(
        source="mc",
        code=record.code,
        filed_by=record.filed_by,
        returned_by=record.returned_by,
        tracking=record.tracking,
        fee=f"{record.fee:,} đồng".replace(",", ".") if record.fee else "",
        fee_paid_at=record.fee_paid_at,
        supplement_until=record.supplement_until,
        paused_at=record.paused_at,
    ).terms
