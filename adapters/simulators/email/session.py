"""One SMTP connection (RFC 5321), with STARTTLS (RFC 3207) and AUTH PLAIN and LOGIN (RFC 4954)."""

import asyncio
import base64
import binascii
import re
import ssl
from collections.abc import Awaitable, Callable

from adapters.fates import Fate, fate_of
from adapters.simulators.email.mailboxes import Mailboxes
from adapters.simulators.email.settings import Settings

_PATH = re.compile(r"(?i)(?:FROM|TO):\s*<([^<>\s]*)>(.*)")
_SIZE = re.compile(r"(?i)\bSIZE=(\d{1,12})")
_THROTTLES = 2
_OK = "250 2.0.0 OK"
_UNRELAYED, _FULL, _CLOSING, _REFUSED_TEXT = "0571", "0452", "0421", "0554"
"""Endings of mailboxes beside those of `adapters.fates`."""


class Hangup(Exception):  # noqa: N818 - a behaviour that was asked for
    """The connection is to be closed without an answer."""


class Session:
    """What one client says, answered line by line."""

    def __init__(
        self,
        settings: Settings,
        mailboxes: Mailboxes,
        tls: ssl.SSLContext | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._settings = settings
        self._mailboxes = mailboxes
        self._tls = tls
        self._reader = reader
        self._writer = writer
        self._is_protected = settings.security == "tls"
        self._is_known = not settings.accounts
        self._sender: str | None = None
        self._recipient = ""
        self._commands: dict[str, Callable[[str], Awaitable[str]]] = {
            "EHLO": self._ehlo, "HELO": self._helo, "STARTTLS": self._starttls, "AUTH": self._auth, "MAIL": self._mail,
            "RCPT": self._rcpt, "DATA": self._data, "RSET": self._rset, "NOOP": self._noop,
        }  # fmt: skip

    async def serve(self) -> None:
        """Until the client leaves."""
        await self._say("220 mailhost.test ESMTP, simulated")
        while (line := await self._line()) is not None:
            verb, _, rest = line.partition(" ")
            self._mailboxes.journal.counts[verb.upper()] += 1
            if verb.upper() == "QUIT":
                await self._say("221 2.0.0 bye")
                return
            command = self._commands.get(verb.upper())
            answer = await command(rest.strip()) if command else "500 5.5.2 unknown command"
            if answer:
                await self._say(answer)
            if answer.startswith("421"):
                return

    async def _ehlo(self, _: str) -> str:
        offers = ["mailhost.test", f"SIZE {self._settings.largest}", "ENHANCEDSTATUSCODES"]
        if self._settings.security == "starttls" and not self._is_protected:
            offers.append("STARTTLS")
        elif self._settings.accounts:
            offers.append("AUTH PLAIN LOGIN")
        return "\r\n".join([*(f"250-{each}" for each in offers[:-1]), f"250 {offers[-1]}"])

    async def _helo(self, _: str) -> str:
        return "250 mailhost.test"

    async def _starttls(self, _: str) -> str:
        if self._tls is None or self._is_protected or self._settings.security != "starttls":
            return "502 5.5.1 not here"
        await self._say("220 2.0.0 go ahead")
        await self._writer.start_tls(self._tls)
        self._is_protected = True
        return ""

    async def _auth(self, given: str) -> str:
        if self._settings.security == "starttls" and not self._is_protected:
            return "530 5.7.0 STARTTLS first"
        method, _, initial = given.partition(" ")
        try:
            if method.upper() == "PLAIN":
                _, name, password = _decoded(initial or await self._asked("")).split("\0")
            elif method.upper() == "LOGIN":
                name = _decoded(initial or await self._asked("Username:"))
                password = _decoded(await self._asked("Password:"))
            else:
                return "504 5.5.4 unknown mechanism"
        except (ValueError, binascii.Error):
            return "501 5.5.2 cannot decode"
        self._is_known = bool(name) and self._settings.accounts.get(name) == password
        return "235 2.7.0 welcome" if self._is_known else "535 5.7.8 authentication failed"

    async def _mail(self, given: str) -> str:
        if not self._is_known:
            return "530 5.7.0 authentication required"
        found = _PATH.fullmatch(given)
        if found is None:
            return "501 5.5.4 MAIL FROM:<address>"
        if (size := _SIZE.search(found[2])) and int(size[1]) > self._settings.largest:
            return "552 5.3.4 too large"
        self._sender, self._recipient = found[1], ""
        return "250 2.1.0 OK"

    async def _rcpt(self, given: str) -> str:
        if self._sender is None:
            return "503 5.5.1 MAIL first"
        found = _PATH.fullmatch(given)
        if found is None or "@" not in found[1]:
            return "501 5.1.3 RCPT TO:<address>"
        if refusal := self._refusal(found[1]):
            return refusal
        self._recipient = found[1]
        return "250 2.1.5 OK"

    def _refusal(self, recipient: str) -> str:
        local = recipient.partition("@")[0]
        if fate_of(local) is Fate.REFUSED:
            return f"550 5.1.1 <{recipient}>: no such mailbox"
        if fate_of(local) is Fate.THROTTLED and self._times("too fast", recipient) <= _THROTTLES:
            return f"450 4.7.1 <{recipient}>: too fast"
        return {
            _UNRELAYED: f"554 5.7.1 <{recipient}>: Relay access denied",
            _FULL: f"452 4.2.2 <{recipient}>: mailbox full",
            _CLOSING: "421 4.3.2 closing",
        }.get(local[-4:], "")

    async def _data(self, _: str) -> str:
        if not self._recipient:
            return "503 5.5.1 RCPT first"
        await self._say("354 go ahead")
        content = await self._content()
        recipient, self._sender, self._recipient = self._recipient, None, ""
        local = recipient.partition("@")[0]
        if len(content) > self._settings.largest:
            return "552 5.3.4 too large"
        if local.endswith(_REFUSED_TEXT):
            return "554 5.7.1 message refused"
        if fate_of(local) is Fate.SWALLOWED:
            await asyncio.Event().wait()
        await self._mailboxes.take(recipient, content)
        if fate_of(local) is Fate.DROPPED and self._times("dropped", recipient) == 1:
            raise Hangup
        return "250 2.0.0 queued"

    async def _content(self) -> bytes:
        lines = bytearray()
        while (line := await self._reader.readuntil(b"\n")) != b".\r\n":
            lines += line[1:] if line.startswith(b".") else line
        return bytes(lines)

    async def _rset(self, _: str) -> str:
        self._sender, self._recipient = None, ""
        return _OK

    async def _noop(self, _: str) -> str:
        return _OK

    def _times(self, what: str, recipient: str) -> int:
        self._mailboxes.met[(what, recipient)] += 1
        return self._mailboxes.met[(what, recipient)]

    async def _asked(self, prompt: str) -> str:
        await self._say(f"334 {base64.b64encode(prompt.encode()).decode()}")
        return await self._line() or ""

    async def _line(self) -> str | None:
        line = await self._reader.readline()
        return line.decode("utf-8", "replace").rstrip("\r\n") if line else None

    async def _say(self, answer: str) -> None:
        self._writer.write(f"{answer}\r\n".encode())
        await self._writer.drain()


def _decoded(value: str) -> str:
    return base64.b64decode(value, validate=True).decode()
