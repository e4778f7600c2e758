"""How commands speak of accounts: why something is not done, and the address of a letter of invitation."""

from collections.abc import Mapping
from typing import TypeVar

from bot import show
from bot.config import Config
from bot.model.errors import ConfigError
from bot.staff_fields import Refusal
from bot.staffing import Invited
from bot.texts import show_moment
from bot.web.prefix import PREFIX

T = TypeVar("T")

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what no browser can open

REFUSALS: Mapping[Refusal, str] = {
    Refusal.MISSING: "không có tài khoản hoặc thư mời này, hoặc tài khoản đã ngừng / "
    "no such account or invitation, or it is disabled",
    Refusal.LOGIN: "tên đăng nhập chỉ gồm a-z, 0-9, . _ - / a login has a-z, 0-9, . _ - only",
    Refusal.NAME: "họ tên không dùng được / this name cannot be used",
    Refusal.EMAIL: "địa chỉ thư không đúng / this is no e-mail address",
    Refusal.TAKEN: "tên đăng nhập đã có người dùng / this login is taken",
    Refusal.NO_GRANT: "xin cho biết --role / name a --role",
    Refusal.AGENCY: "mã cơ quan không đúng dạng, ví dụ H32.10 / no code of an agency, such as H32.10",
    Refusal.BEYOND: "ngoài phạm vi / outside what may be given",
    Refusal.OWN: "không ai tự đổi quyền của mình / nobody changes her own rights",
    Refusal.LAST: "phải còn ít nhất hai quản trị viên toàn tỉnh / two administrators of the province must remain",
}


def unless_refused(outcome: T | Refusal) -> T:
    """What came of it. Raises `ConfigError` with the reason where it was refused."""
    if isinstance(outcome, Refusal):
        raise ConfigError(REFUSALS[outcome])
    return outcome


def print_letter(config: Config, invited: Invited) -> None:
    host = "localhost" if config.web.host in _EVERYWHERE else config.web.host
    origin = config.links.web.rstrip("/") or f"http://{host}:{config.web.port}"
    show.console.print(f"{origin}{PREFIX}/loi-moi/{invited.secret}", soft_wrap=True, markup=False)
    until = show_moment(invited.invitation.expires_at)
    show.errors.print(
        f"Địa chỉ này chỉ in một lần, dùng được một lần, đến {until}. / Printed once, opens once, until {until}.",
        soft_wrap=True,
    )
    if host != config.web.host and not config.links.web:
        show.errors.print(
            "Chỉ mở được trên chính máy này. Người nhận ở máy khác: xin thay phần đầu bằng tên của dịch vụ, và ghi tên "
            "ấy vào [links] web. / It opens on this machine alone: for others put the service's name in front, and "
            "write it into [links] web.",
            soft_wrap=True,
            markup=False,
        )
