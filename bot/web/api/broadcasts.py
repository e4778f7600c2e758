"""Operations about broadcasts: software drafts one with its list, people try, submit and approve it in the console."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256

from aiohttp import web

from bot.auditing import Audited, if_done
from bot.broadcasts import Broadcasts
from bot.model.api import ApiRight, KeyKind, Remembered
from bot.model.broadcast import Broadcast, Recipient, Refusal
from bot.model.phone import parse_phone
from bot.model.wording import Wording
from bot.web.api import shapes
from bot.web.api.call import Call, json_of, reply
from bot.web.api.notifications import replay
from bot.web.api.problems import Fault, ProblemError
from bot.web.api.route import Operation

OPERATIONS = (
    Operation(
        method="POST",
        path="/broadcasts",
        name="draftBroadcast",
        handler=lambda call: draft(call),
        right=ApiRight.BROADCASTS,
        title=("Lập bản nháp một đợt phát tin", "Draft a broadcast"),
        about=(
            "Chưa gửi gì: cán bộ xem, gửi thử, trình và người khác duyệt ở trang Phát tin. `chat` và `sms` có thể dùng "
            "giá trị của từng người: `{{ ten }}`.",
            "Nothing leaves: staff look at it, try it and submit it, and somebody else approves it in the console. "
            "`chat` and `sms` may use each person's values: `{{ name }}`.",
        ),
        takes=shapes.NewBroadcast,
        gives=shapes.Broadcast,
        status=201,
        is_repeatable=True,
        is_long=True,
        examples={
            "two people": {
                "title": "Nghỉ lễ 2/9",
                "chat": "Kính gửi Ông/Bà, Bộ phận Một cửa nghỉ từ 31/8 đến hết 3/9.",
                "sms": "Kinh gui Ong/Ba, Bo phan Mot cua nghi tu 31/8 den het 3/9.",
                "recipients": [{"phone": "0912345678"}, {"phone": "0987654321", "code": "H56.14-240823-0001"}],
            }
        },
        problems=("only_live", "other_body", "being_done"),
    ),
    Operation(
        method="GET",
        path="/broadcasts/{id}",
        name="getBroadcast",
        handler=lambda call: show(call),
        right=ApiRight.BROADCASTS,
        title=("Xem một đợt phát tin", "See a broadcast"),
        gives=shapes.Broadcast,
        id_pattern=shapes.BROADCAST_ID,
        problems=("missing",),
    ),
)


async def draft(call: Call) -> web.Response:
    if call.key.kind is not KeyKind.LIVE:
        raise ProblemError("only_live")
    said = call.said(shapes.NewBroadcast)
    agency = said.agency or call.key.agency
    if not call.key.covers(agency):
        raise ProblemError("unprocessable", Fault("/agency", "other_agency"))
    rows = _recipients(said, agency, most=call.settings.broadcast_people)
    return await _once(call, lambda: _drafted(call, said, agency, rows))


async def _once(call: Call, work: Callable[[], Awaitable[shapes.Broadcast]]) -> web.Response:
    """Drafting takes several transactions: the token is taken before, and given back where it came to nothing."""
    token, key = call.token, call.key
    if token is None:
        return reply(await work(), status=201)
    kept = await call.storage.write(lambda tx: tx.api.remember(key.id, token.word, token.digest(key), at=call.now))
    if isinstance(kept, Remembered):
        return replay(call, kept)
    try:
        shown = await work()
    except (Exception, asyncio.CancelledError):
        await asyncio.shield(call.storage.write(lambda tx: tx.api.forget(key.id, token.word)))
        raise
    answer = json_of(shown)
    await call.storage.write(lambda tx: tx.api.answered(key.id, token.word, status=201, answer=answer))
    return reply(answer, status=201)


async def _drafted(call: Call, said: shapes.NewBroadcast, agency: str, rows: list[Recipient]) -> shapes.Broadcast:
    by, flow = call.key.by, call.app.broadcasts
    made = await flow.begin(title=said.title, agency=agency, by=by)
    entry = call.entry("broadcast.drafted", made.id, agency=agency, after={"people": len(rows)})
    recorded: Broadcasts = replace(flow, storage=Audited(call.storage, if_done(entry)))
    wording = Wording(chat=said.chat.strip(), sms=said.sms.strip())
    changed = await flow.change(made.id, revision=made.revision, by=by, wording=wording, language=said.language)
    taken: Broadcast | Refusal = changed
    if not isinstance(changed, Refusal):
        taken = await recorded.take_list(made.id, rows, name=by, digest=_digest(said, rows), by=by)
    if isinstance(taken, Refusal):
        await flow.cancel(made.id, by=by, why=taken.word)
        raise ProblemError("unprocessable", Fault("", "broadcast", {"word": taken.word}))
    return await _shown(call, taken)


def _recipients(said: shapes.NewBroadcast, agency: str, *, most: int) -> list[Recipient]:
    """By their place in the list. Nothing is drafted while one of them is wrong."""
    if len(said.recipients) > most:
        raise ProblemError("unprocessable", Fault("/recipients", "too_many_people", {"most": most}))
    rows, faults = [], []
    for number, each in enumerate(said.recipients, 1):
        phone = parse_phone(each.phone)
        if phone is None or phone.kind != "mobile":
            faults.append(Fault(f"/recipients/{number - 1}/phone", "no_mobile"))
            continue
        rows.append(
            Recipient(number=number, phone=phone.e164, code=each.code.upper(), agency=agency, values=dict(each.values))
        )
    if faults:
        raise ProblemError("unprocessable", *faults)
    return rows


def _digest(said: shapes.NewBroadcast, rows: list[Recipient]) -> str:
    listed = [[each.phone, each.code, sorted(each.values.items())] for each in rows]
    return sha256(json.dumps([said.title, listed], ensure_ascii=False).encode()).hexdigest()


async def show(call: Call) -> web.Response:
    found = await call.app.broadcasts.get(call.part())
    if found is None or not call.key.covers(found.agency):
        raise ProblemError("missing")
    return reply(await _shown(call, found))


async def _shown(call: Call, broadcast: Broadcast) -> shapes.Broadcast:
    progress = await call.app.broadcasts.progress(broadcast.id)
    return shapes.Broadcast(
        id=broadcast.id,
        title=broadcast.title,
        agency=broadcast.agency,
        state=broadcast.state,
        people=broadcast.people,
        handed_out=broadcast.handed_out,
        made_at=broadcast.made_at,
        starts_at=broadcast.starts_at,
        began_at=broadcast.began_at,
        ended_at=broadcast.ended_at,
        states={str(state): number for state, number in progress.by_state.items()},
    )
