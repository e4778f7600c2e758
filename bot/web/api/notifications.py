"""Operations about single messages: to plan one, to see one, to list them."""

import re
from datetime import datetime

from aiohttp import web

from bot.api_sending import Sent
from bot.api_wishes import ByTemplate, Refused, ToDossier, ToPhone, Wish
from bot.model.api import ApiKey, ApiRight, Planned, Remembered
from bot.model.message import OutboxItem, Situation
from bot.model.phone import parse_phone
from bot.texts import sentence
from bot.web.api import shapes
from bot.web.api.call import Call, json_of, reply
from bot.web.api.problems import Fault, ProblemError
from bot.web.api.route import Operation

_DIGITS = re.compile(r"[0-9]{8,}")

OPERATIONS = (
    Operation(
        method="POST",
        path="/notifications",
        name="sendNotification",
        handler=lambda call: send(call),
        right=ApiRight.SEND,
        title=("Gửi một tin", "Send a notification"),
        about=(
            "Theo tình huống (`situation`) hoặc theo mã mẫu tin đã đăng ký (`template`), nêu một trong hai: về một hồ "
            "sơ (tới chủ hồ sơ và người theo dõi, như khi hồ sơ thay đổi), hoặc tới một số điện thoại với các giá trị "
            "của mẫu tin. Trả lời 202 khi tin đã được ghi chắc chắn.",
            "By `situation`, or by the id of a registered `template`, one of the two: about a dossier (to its owner "
            "and followers, as when it changes), or to a phone with the values that the text needs. It answers 202 "
            "once the messages are durable.",
        ),
        takes=shapes.NewNotification,
        gives=shapes.Accepted,
        status=202,
        is_repeatable=True,
        asks_key_again=True,
        examples={
            "dossier": {
                "situation": "result",
                "to": {"kind": "dossier", "code": "H56.14-240823-0001"},
                "reference": "ket-qua-1",
            },
            "phone": {
                "situation": "result",
                "to": {
                    "kind": "phone",
                    "phone": "0912345678",
                    "values": {"code": "H56.14-240823-0001", "agency": "UBND xã Mẫu", "place": "quầy số 2"},
                },
            },
            "template": {"template": "100004", "to": {"kind": "dossier", "code": "H56.14-240823-0001"}},
        },
        problems=("not_a_guest", "other_body", "being_done"),
    ),
    Operation(
        method="GET",
        path="/notifications/{id}",
        name="getNotification",
        handler=lambda call: show(call),
        right=ApiRight.SEND,
        title=("Xem một tin", "See a notification"),
        about=("Tin do khóa của cùng cơ quan gửi.", "Of keys of the same agency."),
        gives=shapes.Notification,
        id_pattern=shapes.ITEM_ID,
        problems=("missing",),
    ),
    Operation(
        method="GET",
        path="/notifications",
        name="listNotifications",
        handler=lambda call: list_(call),
        right=ApiRight.SEND,
        title=("Danh sách tin", "List notifications"),
        about=("Mới nhất trước. Đi tiếp bằng `before` = `next`.", "Newest first. Go on with `before` = `next`."),
        asks=shapes.ListQuery,
        gives=shapes.NotificationList,
    ),
)


async def send(call: Call) -> web.Response:
    said = call.said(shapes.NewNotification)
    if _DIGITS.search(said.reference) and parse_phone(said.reference):
        raise ProblemError("unprocessable", Fault("/reference", "a_phone"))
    if bool(said.situation) == bool(said.template):
        word = "one_of_two" if said.template else "absent"
        raise ProblemError("unprocessable", Fault("/situation", word))
    outcome = await call.app.api_sending.send(call.key, _wish(said), call.token, lambda sent: json_of(_accepted(sent)))
    match outcome:
        case Refused(word, faults):
            raise ProblemError(word, *(Fault(each.pointer, each.word, each.values) for each in faults))
        case Remembered():
            return replay(call, outcome)
        case Sent():
            return reply(_accepted(outcome), status=202)


def replay(call: Call, kept: Remembered) -> web.Response:
    """The answer that was given to the same request before."""
    if call.token is None or kept.digest != call.token.digest(call.key):
        raise ProblemError("other_body")
    if not kept.answer:
        raise ProblemError("being_done", wait=2)
    return reply(kept.answer, status=kept.status, is_replayed=True)


async def show(call: Call) -> web.Response:
    planned = await call.storage.read(lambda tx: tx.api.message(call.part()))
    if planned is None or not _is_for(call.key, planned):
        raise ProblemError("missing")
    return reply(notification(planned))


async def list_(call: Call) -> web.Response:
    asked, key = call.asked(shapes.ListQuery), call.key
    page = await call.storage.read(
        lambda tx: tx.api.listed(
            key.agency,
            is_trial=key.is_trial,
            before=asked.before or "",
            since=asked.since,
            state=asked.state,
            limit=asked.limit,
        )
    )
    shown = [notification(each) for each in page.messages]
    return reply(shapes.NotificationList(notifications=shown, next=page.next or None))


def _is_for(key: ApiKey, planned: Planned) -> bool:
    """Keys of one agency see each other's messages, test keys those of test keys."""
    return planned.message.agency == key.agency and planned.message.is_trial == key.is_trial


def _wish(said: shapes.NewNotification) -> Wish | ByTemplate:
    to = _to(said.to)
    if said.template:
        return ByTemplate(said.template, to, said.reference)
    return Wish(Situation(said.situation), to, said.reference)


def _to(to: shapes.ToDossier | shapes.ToPhone) -> ToDossier | ToPhone:
    if isinstance(to, shapes.ToDossier):
        return ToDossier(to.code.upper(), to.source)
    return ToPhone(to.phone, to.values, to.agency, to.language)


def _accepted(sent: Sent) -> shapes.Accepted:
    return shapes.Accepted(notifications=[_planned(each, sent.quiet.get(each.id)) for each in sent.items])


def _planned(item: OutboxItem, quiet_until: datetime | None) -> shapes.Planned:
    return shapes.Planned(
        id=item.id,
        state=item.state,
        channel=item.address.scheme,
        recipient=str(item.address),
        quiet_until=quiet_until,
    )


def notification(planned: Planned) -> shapes.Notification:
    """As it stands."""
    item = planned.item
    return shapes.Notification(
        id=item.id,
        state=item.state,
        sentence=shapes.Sentence(vi=sentence(item, "vi"), en=sentence(item, "en")),
        reason=item.reason,
        situation=item.situation,
        channel=item.address.scheme,
        recipient=str(item.address),
        dossier=item.code,
        reference=planned.message.reference,
        is_test=planned.message.is_trial,
        parts=item.parts,
        cost=item.cost,
        created_at=item.created_at,
        sent_at=item.sent_at,
        settled_at=item.settled_at,
        expires_at=item.expires_at,
    )
