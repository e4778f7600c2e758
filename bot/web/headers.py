"""Headers that protect the reader: no foreign script, no foreign frame, nothing kept by a shared machine."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.config import PageSettings
from bot.web.prefix import PREFIX

_YEAR = 365 * 24 * 3600
_DENIED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation",
    "gyroscope", "hid", "local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-create", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""What a browser can do and no page of ours asks for."""


def protective_headers(
    settings: PageSettings,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For `on_response_prepare`: reaches every answer, errors and streams too."""
    fixed = _fixed(settings)

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(fixed)
        # Pictures for slips are drawn from nothing but the code, and other people's pages show them.
        own = "cross-origin" if request.path.startswith("/qr/") else "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = own
        is_static = request.path.startswith(("/static/", f"{PREFIX}/static/"))
        is_versioned = is_static and "v" in request.query and response.status == 200
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable" if is_versioned else "no-store"

    return add


def _fixed(settings: PageSettings) -> dict[str, str]:
    ancestors = " ".join(settings.frame_ancestors) or "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        # Not `no-referrer`: browsers would then hide the origin of our own forms.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{each}=()" for each in _DENIED),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Server": "motcua",
    }
    if not settings.frame_ancestors:
        headers["X-Frame-Options"] = "DENY"
    if settings.behind_tls:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
    return headers
