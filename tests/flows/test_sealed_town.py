"""A whole service over a sealed database: its ways are gone as ever, and nobody can be read in the database's files."""

from pathlib import Path

import pytest

from bot import privacy
from bot.apology_desk import desk_of
from bot.drafting import Wishes
from bot.model.apology import Apology
from bot.model.clock import utc_now
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.model.service import Score, Survey, Talk
from bot.sealing import sealed
from bot.vaults import vault_for
from storage.sealing.ring import new_ring
from tests.adapters.zalo.support import ACCESS, REFRESH, grant
from tests.flows.test_private_logs import (
    ADMIN,
    BINH,
    BINH_PHONE,
    CHAT,
    CODE,
    FEEDBACK,
    HOA,
    HOA_PHONE,
    LAN,
    LAN_PHONE,
    LOOKUP,
    SECOND,
    SECRET_REASON,
    USER,
    Kept,
    Town,
    asked_by_chats,
    asked_on_the_page,
    called_by_software,
    looked_up_by_staff,
    pushed,
    read_from_files,
    texted,
    town,
)
from tests.support.sealed import raw, readable, spellings
from tests.support.storages import _EMPTY, _admin, in_a_loop_of_its_own

SAID, HURT, SORRY = "xin ông bà chờ ở quầy số 9", "chờ từ sáng tới chiều", "do nước lũ ngập kho"
INVITED = "Mời Nguyễn Thị Ngọc Lan"
WORDS = {
    LAN, BINH, HOA, ADMIN, "nguyen thi ngoc lan", str(CHAT), USER, LOOKUP, SECRET_REASON, FEEDBACK, SAID, HURT, SORRY,
    INVITED, ACCESS, REFRESH, *(phone[-9:] for phone in (BINH_PHONE, HOA_PHONE)),
}  # fmt: skip
"""What a run that is not sealed leaves in the files. One of the three is erased at the end."""


@pytest.fixture(params=["sqlite", "postgres", "plain"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The table [storage]; the last one without keys, to see that the looking finds what is there."""
    url = f"sqlite:{tmp_path / 'motcua.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
        in_a_loop_of_its_own(_admin(url, _EMPTY))
    ring = tmp_path / "data.keys"
    ring.write_text(new_ring("2026-11-23").text, encoding="utf-8")
    return {"url": url} if request.param == "plain" else {"url": url, "keys": f"file:{ring}"}


async def served_by_clerks(place: Town) -> None:
    """A talk, an answer to feedback, a survey, an apology."""
    app = place.here.app
    chat, now = Address("telegram", str(CHAT)), utc_now()
    begun = Talk(address=chat, channel="telegram", begun_at=now, heard_at=now)
    await app.storage.write(lambda tx: tx.service.begin_talk(begun))
    (talk,) = await app.desk.talks()
    assert await app.desk.reply(talk, SAID, by="lan")
    for feedback in await app.storage.read(lambda tx: tx.service.feedbacks()):
        await app.desk.answer(feedback, SAID, by="lan")
    survey = Survey(source="office", code=SECOND, address=talk.address, agency="", asked_at=utc_now())
    await app.storage.write(lambda tx: tx.service.ask_survey([survey]))
    await app.storage.write(
        lambda tx: tx.service.answer_survey(survey, score=Score.NOT_SATISFIED, reason=HURT, at=utc_now())
    )
    desk = desk_of(app.plan, app.storage, app.planner, app.reach, clock=app.clock)
    drafted = await desk.draft("office", CODE, Wishes(), by="lan")
    assert isinstance(drafted, Apology), drafted
    changed = await desk.change(drafted.id, Wishes(text=SORRY), by="lan")
    assert isinstance(changed, Apology), changed


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_nobody_can_be_read_in_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: dict[str, str]
) -> None:
    kept, url, is_sealed = Kept(), database["url"], "keys" in database
    async with town(tmp_path, monkeypatch, kept, storage=database) as place:
        app = place.here.app
        await vault_for(app.storage, "zalo", clock=utc_now).keep(grant(utc_now()).text)
        await pushed(place)
        await read_from_files(place, tmp_path)
        await place.until(DeliveryState.DELIVERED, 3)
        await texted(place)
        await asked_by_chats(place)
        await asked_on_the_page(place)
        await called_by_software(place)
        await looked_up_by_staff(place, tmp_path)
        await served_by_clerks(place)
        during = await raw(url)
        taken = await privacy.erase(app.storage, LAN_PHONE, utc_now)
        known = await app.storage.read(lambda tx: tx.dossiers.of_phone(BINH_PHONE, limit=9))
        keys = {each.key for each in await sealed(app.storage)}
    after = await raw(url)

    assert {each.applicant for each in known} == {BINH}
    assert {"dossiers", "outbox", "inbound", "bindings", "broadcast_recipients"} <= set(taken)
    if is_sealed:
        hidden = WORDS.union(*map(spellings, (LAN_PHONE, BINH_PHONE, HOA_PHONE)))
        hidden |= {secret for secret in kept.words if len(secret) >= 16}
        assert readable(during, hidden) == readable(after, hidden) == set()
        assert keys == {"2026-11-23", "look-up"}
    else:
        assert WORDS - readable(during, WORDS) == set()
        assert keys == set()
