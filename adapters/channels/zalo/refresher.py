"""Asks Zalo for a new pair of tokens, once, and writes the answer to a file before anything else happens with it.

A program of its own, started by `launching`, because Zalo takes a refresh token once: an answer that died with the
service would be the loss of the account until a person consents again. It lives in a session of its own, ignores the
signals that stop the service, and needs nothing but the standard library, so that it starts fast and ends surely.
Its order comes by standard input; it says nothing, and shows no secret in its arguments.
"""

import base64
import http.client
import json
import os
import signal
import ssl
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

NOTHING_ASKED = 3
"""Exit code: no place for the answer, so nothing was asked."""
ANSWERED, NOT_SENT, LOST = "answered", "not sent", "lost"
"""What a file can tell: there is an answer; nothing left us; it left us and no answer came."""

_LONGEST_ANSWER = 64 * 1024


def main() -> int:
    """Reads the order and follows it; the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    order = json.load(sys.stdin)
    place = Path(order["path"])
    part = place.with_suffix(".part")
    try:
        file = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        # Room on the disk is taken before the question: an answer that finds none would be lost.
        os.posix_fallocate(file, 0, 2 * _LONGEST_ANSWER)
    except OSError:
        return NOTHING_ASKED
    _write(file, json.dumps(answer_to(order)).encode())
    part.replace(place)
    _make_durable(place.parent)
    return 0


def answer_to(order: dict[str, Any]) -> dict[str, Any]:
    """What came of the one request; never raises for what may happen on the way."""
    told: dict[str, Any] = {"begun_at": time.time(), "kind": NOT_SENT}
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, order["seconds"])
    try:
        if ticks() > order["begin_by"]:
            raise TimeoutError
        connection, target, headers = _way(order)
        connection.connect()
        told["kind"] = LOST
        connection.request("POST", target, urlencode(order["form"]), headers)
        answer = connection.getresponse()
        body = answer.read(_LONGEST_ANSWER).decode("utf-8", "replace")
        told |= {"kind": ANSWERED, "status": answer.status, "body": body}
    except Exception as error:  # whatever it is, what counts is whether the request had left us
        told["reason"] = type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return told


def ticks() -> float:
    """Seconds, the same for all processes of a machine, which no clock that is set right can move."""
    # Linux's monotonic clock stands while the machine is suspended, and this one goes on.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _way(order: dict[str, Any]) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """The connection, not yet made; what to ask for on it; and with which headers."""
    url, proxy = urlsplit(order["url"]), urlsplit(order["proxy"])
    is_secret = url.scheme == "https"
    target = url.path
    headers = {**order["headers"], "Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
    port = url.port or (443 if is_secret else 80)
    host, at = (proxy.hostname, proxy.port or 3128) if proxy.hostname else (url.hostname, port)
    connection = (
        http.client.HTTPSConnection(str(host), at, timeout=order["seconds"], context=_tls(order["ca_file"]))
        if is_secret
        else http.client.HTTPConnection(str(host), at, timeout=order["seconds"])
    )
    if proxy.hostname and is_secret:
        connection.set_tunnel(str(url.hostname), port, _login(proxy.username, proxy.password))
    elif proxy.hostname:
        target, headers = order["url"], headers | _login(proxy.username, proxy.password)
    return connection, target, headers


def _tls(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _login(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    login = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}


def _late(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]
    os.ftruncate(file, os.lseek(file, 0, os.SEEK_CUR))
    os.fsync(file)
    os.close(file)


def _make_durable(folder: Path) -> None:
    """The name of a new file is on the disk only when its folder is."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


if __name__ == "__main__":
    sys.exit(main())
