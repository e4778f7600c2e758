"""The operation about dossiers: what a citizen, named by the caller, may know of one."""

from aiohttp import web

from bot.lookup import is_hers
from bot.model.api import ApiRight, KeyKind
from bot.model.dossier import Dossier
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import Transaction
from bot.telling import FOR_OWNERS, TELLING, dossier_values
from bot.web.api import shapes
from bot.web.api.call import Call, reply
from bot.web.api.problems import ProblemError
from bot.web.api.route import Operation

OPERATIONS = (
    Operation(
        method="POST",
        path="/dossiers/status",
        name="dossierStatus",
        handler=lambda call: status(call),
        right=ApiRight.READ,
        title=("Tình trạng hồ sơ cho người có quyền", "A dossier's status for somebody to whom it belongs"),
        about=(
            "Chỉ trả lời khi số điện thoại là số trên hồ sơ, hoặc tài khoản chat đã gắn với số đó hay đang theo dõi "
            "hồ sơ. Mọi trường hợp khác đều trả lời như nhau. Mỗi lần xem được ghi vào nhật ký.",
            "Answers only where the phone is the one on the dossier, or the chat is bound to it or follows the "
            "dossier. Every other case is answered alike. Each look is recorded.",
        ),
        takes=shapes.StatusQuestion,
        gives=shapes.DossierStatus,
        examples={
            "phone": {"code": "H56.14-240823-0001", "citizen": {"kind": "phone", "phone": "0912345678"}},
            "chat": {"code": "H56.14-240823-0001", "citizen": {"kind": "chat", "scheme": "zalo", "id": "1234567890"}},
        },
        problems=("not_shown", "only_live"),
    ),
)


async def status(call: Call) -> web.Response:
    if call.key.is_trial:
        raise ProblemError("only_live")
    asked = call.said(shapes.StatusQuestion)
    found = await call.storage.read(lambda tx: _seek(tx, call, asked))
    if found is None:
        raise ProblemError("not_shown")
    shown, dossier = found
    entry = call.entry("dossier.looked", dossier.code, agency=dossier.agency, after={"right": shown.right})
    await call.storage.write(lambda tx: tx.audit.add([entry]))
    return reply(shown)


async def _seek(
    tx: Transaction, call: Call, asked: shapes.StatusQuestion
) -> tuple[shapes.DossierStatus, Dossier] | None:
    """The same is asked of the database whether or not there is anything to show."""
    address, phone = await _citizen(tx, asked.citizen)
    dossiers = await tx.dossiers.find(asked.code.upper())
    disowned = await tx.people.disowned(phone)
    follows = {(each.source, each.code) for each in await tx.follows.of(address)}
    if not _may_ask_of(call, address, phone):
        return None
    for each in dossiers:
        is_owner = is_hers(each, phone, disowned)
        if call.key.covers(each.agency) and (is_owner or (each.source, each.code) in follows):
            return await _shown(tx, call, each, asked.language, is_owner=is_owner), each
    return None


async def _citizen(tx: Transaction, citizen: shapes.ByPhone | shapes.ByChat) -> tuple[Address, str]:
    if isinstance(citizen, shapes.ByPhone):
        phone = parse_phone(citizen.phone)
        number = phone.e164 if phone else ""
        return Address("sms", number), number
    address = Address(citizen.scheme, citizen.id)
    binding = await tx.people.binding(address)
    return address, binding.phone if binding else ""


def _may_ask_of(call: Call, address: Address, phone: str) -> bool:
    """A team key asks for the people on its list alone."""
    on_list = {address.key, f"sms:{phone}"} & set(call.key.guests)
    return call.key.kind is not KeyKind.TEAM or bool(on_list)


async def _shown(
    tx: Transaction, call: Call, dossier: Dossier, language: str, *, is_owner: bool
) -> shapes.DossierStatus:
    planner = call.app.planner
    values = dossier_values(dossier, planner.library.catalogue(language, dossier.agency))
    hidden = [*(() if is_owner else FOR_OWNERS), *(TELLING if planner.is_sensitive(dossier) else ())]
    values |= dict.fromkeys(hidden, "")
    state = await tx.sources.get(dossier.source)
    fresh_at = (state.fresh_at or state.synced_at) if state else None
    rules = call.app.rules.get(dossier.source)
    return shapes.DossierStatus(
        code=dossier.code,
        status=int(dossier.status),
        status_words=values["status"],
        received_at=dossier.received_at,
        appointment_at=dossier.appointment,
        finished_at=dossier.finished_at,
        fresh_at=fresh_at,
        is_stale=fresh_at is None or (call.now - fresh_at).total_seconds() > (rules.stale_after if rules else 7200),
        right="full" if is_owner else "details",
        agency=values["agency"],
        procedure=values["procedure"],
        supplement=values["supplement"],
        reason=values["reason"],
        place=values["place"],
    )
