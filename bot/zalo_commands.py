"""The commands `motcua zalo …`: the consent of the official account, and how it stands."""

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from bot import app, show
from bot.command_line import HERE, AsJson, ConfigPath, in_database, plan_of
from bot.config import nearest
from bot.logs import start_logging
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.ports import Storage
from bot.texts import show_moment
from bot.vaults import vault_for

zalo = typer.Typer(help="Official Account Zalo: cấp quyền, trạng thái. / The Zalo account.", no_args_is_help=True)

Channel = Annotated[
    str, typer.Argument(help="Tên kênh trong cấu hình; bỏ trống khi chỉ có một / the channel; empty if there is one")
]
_CONSENT_PAGE = """
1. Mở địa chỉ sau bằng tài khoản quản trị viên của Official Account rồi chọn “Cho phép”.
   / Open this address as an administrator of the official account and allow it:

{url}

   Ô “Code Challenge” trong ứng dụng (Sản phẩm → Official Account → Thiết lập chung), nếu có khai, phải là
   / the field Code Challenge of the app's settings, if it is filled in, must be:  {challenge}

   Nếu trang báo lỗi / if the page shows an error:
   -14003: redirect_uri không giống từng chữ với “Official Account Callback Url” của ứng dụng
           / redirect_uri is not exactly the app's Official Account Callback Url
   -14002: ứng dụng chưa “Đang hoạt động”, hoặc sai app_id / the app is not active, or app_id is wrong

2. Trình duyệt sẽ chuyển sang một địa chỉ có “code=…”, dùng được trong 10 phút. Chép cả địa chỉ đó (hoặc mã) vào đây.
   / The browser goes to an address with "code=…", good for 10 minutes: paste that address, or the code.
"""


@zalo.command()
def login(
    channel: Channel = "",
    code: Annotated[
        str | None, typer.Option(help="Mã đã có, hoặc cả địa chỉ có mã / the code, or the address with it")
    ] = None,
    config: ConfigPath = HERE,
) -> None:
    """Xin quyền của Official Account và cất token. / Get the account's consent and keep its tokens."""
    plan = plan_of(config)
    configured = _zalo_channel(plan, channel)
    consent = app.zalo_consent(configured)
    pasted, state = code, ""
    if pasted is None:
        show.console.print(_CONSENT_PAGE.format(url=consent.url, challenge=consent.challenge), soft_wrap=True)
        pasted, state = typer.prompt("Địa chỉ hoặc mã / address or code"), consent.state
    given = code_in(pasted, state)

    async def work(storage: Storage) -> tuple[str, str]:
        vault = vault_for(storage, configured.name, clock=utc_now)
        grant = await app.zalo_exchange(configured, vault, given, consent.verifier)
        return show_moment(grant.expires_at), show_moment(grant.refresh_token_ends_at)

    start_logging("WARNING")
    token, whole = in_database(plan.config, work)
    show.console.print(
        f"Đã cất token của kênh {configured.name}, dùng được đến {token}; dịch vụ tự gia hạn. Nếu dịch vụ ngừng lâu, "
        f"phải cấp quyền lại trước {whole}.\n/ The tokens are kept, good until {token} and renewed by the service; "
        f"after a long stop consent again before {whole}.",
        soft_wrap=True,
    )


@zalo.command()
def status(channel: Channel = "", config: ConfigPath = HERE, json: AsJson = False) -> None:
    """Xem token, hạn mức và tên Official Account. / Show the tokens' age, the quota and the account's name."""
    plan = plan_of(config)
    configured = _zalo_channel(plan, channel)
    start_logging("ERROR")
    found = in_database(
        plan.config,
        lambda storage: app.zalo_status(configured, vault_for(storage, configured.name, clock=utc_now)),
    )
    if json:
        names = ("account", "renewed_at", "token_ends_at", "consent_ends_at", "remaining", "daily", "trouble")
        show.as_json({"channel": configured.name, **{name: getattr(found, name) for name in names}})
    else:
        left = "?" if found.remaining is None else f"{found.remaining:,}/{found.daily or 0:,}"
        lines = {
            "Official Account": found.account or "?",
            "Token gia hạn lúc / renewed at": show_moment(found.renewed_at) or "chưa có / never",
            "Token dùng đến / good until": show_moment(found.token_ends_at) or "?",
            "Phải cấp quyền lại trước / consent again before": show_moment(found.consent_ends_at) or "?",
            "Tin ZBS hôm nay còn / template messages left today": left,
        }
        for words, value in lines.items():
            show.console.print(f"{words}: {value}", soft_wrap=True)
    if found.trouble:
        show.errors.print(found.trouble, style="red", soft_wrap=True)
        raise typer.Exit(1)


def code_in(pasted: str, state: str) -> str:
    """The code in what was pasted: the code itself, or the address to which the browser was sent.

    `state`: what must come back with it; empty for one that was not asked for just now. Raises `ConfigError`.
    """
    text = pasted.strip()
    query = parse_qs(urlsplit(text).query or text) if "code=" in text else {"code": [text]}
    code, returned = query.get("code", [""])[0], query.get("state", [""])[0]
    if not code or not code.isascii() or any(sign.isspace() for sign in code):
        raise ConfigError("đây không phải mã hay địa chỉ có “code=…” / this is neither a code nor an address with it")
    if state and returned and returned != state:
        raise ConfigError(
            "địa chỉ này thuộc về một lần xin quyền khác, xin làm lại từ đầu / "
            "this address belongs to another consent: begin anew"
        )
    return code


def _zalo_channel(plan: app.Plan, name: str) -> app.Configured:
    """Raises `ConfigError` where there is no such channel, or several to choose from."""
    known = {each.name: each for each in plan.channels if each.kind == "zalo"}
    if not known:
        raise ConfigError('không có kênh nào kind = "zalo" / no channel of kind "zalo" is configured')
    if name and name not in known:
        raise ConfigError(f"{name}: không có kênh Zalo này / there is no such Zalo channel{nearest(name, known)}")
    if not name and len(known) > 1:
        raise ConfigError(f"xin cho biết kênh / name the channel: {', '.join(known)}")
    return known[name] if name else next(iter(known.values()))
