"""The dialect of the national portal's exchange (DVCQG): envelopes in, `error_code` out.

Its callers send `{"session", "madonvi", "service", "isUpdating", "data"}` to one address, or the bare list to one
that is named after the service with the agency in the query (as in Hà Giang). `isUpdating` is not looked at: we
mirror the state that is sent, whether we had the dossier before or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.sources.push.bodies import CallError, Refusal
from adapters.sources.push.own import CHALLENGE, STATUS, answer, noted
from adapters.sources.push.reading import Reading, dossiers, reports
from adapters.sources.push.settings import Settings
from adapters.sources.push.taking import Result, Taken
from bot.ports import PushAnswer, Quarantined, WebhookRequest

SERVICES: Mapping[str, Reading] = {
    "DongBoHoSoMC": dossiers,
    "CapNhatTienDoHoSoMC": reports,
    "CapNhatTienTrinh": reports,
    "CapNhatTrangThai": reports,
}

_NO, _UNREADABLE, _NOT_ALL = -1, -2, -3
"""`error_code`: who calls is not known; the call as a whole is refused; some of its records are."""

_MOST_NAMED = 20
"""Records that the message names; `errors` has them all."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is asked for, with what, by whom. Everything but the types of `service` and `agency` is unchecked."""

    service: str
    records: object = field(repr=False)
    session: object = field(default=None, repr=False)
    agency: str = ""


def opened(value: object, request: WebhookRequest) -> Envelope:
    """What is meant by a call: everything is in the envelope, or beside a bare list in the address."""
    service = "" if request.path == "integration" else request.path
    agency = request.query.get("MaDinhDanhDV", "")
    if not isinstance(value, Mapping) or not value.keys() & {"data", "service", "session"}:
        return Envelope(service, value, agency=agency)
    return Envelope(
        service=service or _text(value.get("service")),
        records=value.get("data"),
        session=value.get("session"),
        agency=_text(value.get("madonvi")) or agency,
    )


class Answers:
    """Answers as the callers of this source expect them."""

    def __init__(self, settings: Settings) -> None:
        self._success = settings.success_code
        self._login_success = settings.login_success_code
        self._http_errors = settings.http_errors

    def session(self, session: str) -> PushAnswer:
        return answer(200, {"session": session, "error_code": self._login_success})

    def taken(self, call: Taken) -> PushAnswer:
        accepted, late = len(call.results) - call.count(Result.REFUSED), call.count(Result.LATE)
        message = f"Đã nhận {accepted}/{len(call.results)} bản ghi."
        if late:
            message += f" {late} bản ghi cũ hơn dữ liệu đang có nên chỉ được lưu lại."
        if not call.errors:
            return answer(200, {"error_code": self._success, "message": message})
        message = " ".join([message, *map(_named, call.errors[:_MOST_NAMED])])
        if len(call.errors) > _MOST_NAMED:
            message += f" … và {len(call.errors) - _MOST_NAMED} lỗi khác."
        return self._error(_NOT_ALL, 422, {"message": message, "errors": noted(call.errors)})

    def refused(self, error: CallError) -> PushAnswer:
        stated = {"message": str(error)}
        if error.refusal is Refusal.UNAUTHORISED:
            return self._error(_NO, 401, stated, (CHALLENGE,))
        return self._error(_UNREADABLE, STATUS[error.refusal], stated)

    def _error(
        self, code: int, status: int, stated: Mapping[str, object], headers: tuple[tuple[str, str], ...] = ()
    ) -> PushAnswer:
        written = code if isinstance(self._success, int) else str(code)
        return answer(status if self._http_errors else 200, {"error_code": written, **stated}, headers)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _named(note: Quarantined) -> str:
    code = f" ({note.code})" if note.code else ""
    column = f"{note.column}: " if note.column else ""
    return f"Bản ghi {note.row}{code}: {column}{note.reason}"
