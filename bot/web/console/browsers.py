"""Which browser somebody uses, in two words, and from where: so that she knows her own sessions again."""

import re

from bot.accounts import Browser
from bot.web.console.visit import Visit
from bot.web.rates import network_of

_PROGRAMS = (
    ("Cốc Cốc", "coc_coc_browser"),
    ("Edge", r"edga?/|edgios/"),
    ("Opera", r"opr/|opera"),
    ("Samsung Internet", "samsungbrowser"),
    ("Firefox", r"firefox/|fxios/"),
    ("Chrome", r"chrome/|crios/|chromium"),
    ("Safari", "safari/"),
)
_SYSTEMS = (
    ("Android", "android"),
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Windows", "windows"),
    ("macOS", "mac os x|macintosh"),
    ("Linux", "linux|x11"),
)


def browser_of(visit: Visit) -> Browser:
    """The browser of this request, with the session that it has so far."""
    return Browser(
        agent=shown_agent(visit.request.headers.get("User-Agent", "")),
        network=network_of(visit.request, visit.config.web.trusted_proxies),
        session=visit.session.digest if visit.session else "",
    )


def origin_of(visit: Visit) -> str:
    """Under which address people reach us: the configured one, else the one that this browser used."""
    scheme = "https" if visit.console.is_secure else visit.request.scheme
    return visit.config.links.web.rstrip("/") or f"{scheme}://{visit.request.host}"


def shown_agent(header: str) -> str:
    """`Firefox · Windows`; empty where neither is known. Nothing of what was sent comes through as it was sent."""
    text = header[:500].lower()
    found = [next((name for name, pattern in each if re.search(pattern, text)), "") for each in (_PROGRAMS, _SYSTEMS)]
    return " · ".join(filter(None, found))
