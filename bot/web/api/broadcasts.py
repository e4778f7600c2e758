"""Operations about broadcasts: software drafts one with its list, people try, submit and approve it in the console."""

from aiohttp import web

from bot.model.api import ApiRight, KeyKind
from bot.model.broadcast import Broadcast, Recipient
from bot.model.phone import parse_phone
from bot.web.api import shapes
from bot.web.api.call import Call, json_of, reply
from bot.web.api.drafting import Draft, drafted, once
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
    wished = Draft(call, said, agency, rows)
    if call.token is None:
        return reply(await _shown(call, await drafted(wished)), status=201)
    return await once(wished, call.token, lambda broadcast: _answer(call, broadcast))


async def _answer(call: Call, broadcast: Broadcast) -> str:
    return json_of(await _shown(call, broadcast))


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
