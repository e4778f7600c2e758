"""What a mail server's answer, or its silence, means for the message. Pure.

The server's own words are never used: they quote addresses.
"""

import errno
import re
import ssl
from enum import Enum, auto

from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Uncertain

AGAIN = 60.0
"""Seconds to wait where the server says "not now" and not for how long."""

_OF_OUR_MAKING = frozenset({500, 502, 503, 504, 530, 534, 535, 538})
"""Codes about us and not about a message (RFC 5321 section 4.2.3, RFC 4954 section 6)."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
"""RFC 3463."""
_OF_THE_PACE = ("4.3.", "4.7.")
"""Enhanced codes of a server that is busy or finds us too quick; the others are about the mailbox."""


class Step(Enum):
    """How far a message has come."""

    OPENING = auto()
    """Connecting, TLS, logging in."""
    SENDER = auto()
    RECIPIENT = auto()
    TEXT = auto()
    """From the command DATA on: what breaks here may have been taken."""


def outcome_of(error: SMTPException | OSError, step: Step) -> Outcome:
    """What an error at this step means. Only at `TEXT` may anything have left us."""
    if step is Step.OPENING:
        return ChannelDown(_why_closed(error))
    if isinstance(error, SMTPResponseException) and error.code >= 200:
        return _answered(error, step)
    reason = "no answer in time" if isinstance(error, TimeoutError) else "no answer (the connection fell)"
    return Uncertain(reason) if step is Step.TEXT else Retry(reason)


def _answered(error: SMTPResponseException, step: Step) -> Outcome:
    code, told = error.code, _codes(error)
    if code < 300 and step is Step.TEXT:
        return Accepted()
    if code < 500:
        if code == 421 or _enhanced(error).startswith(_OF_THE_PACE):
            return Retry(f"{told}: not now", AGAIN, counts=False)
        return Retry(f"{told}: not taken for now")
    is_too_large = code == 552 or _enhanced(error).startswith("5.3.4")
    if code in _OF_OUR_MAKING or (step is Step.SENDER and not is_too_large):
        return ChannelDown(f"máy chủ không nhận thư từ ta / the server takes no mail from us ({told})")
    if step is Step.RECIPIENT and "relay" in error.message.lower():
        return ChannelDown(f"máy chủ không chuyển thư ra ngoài cho ta / the server does not relay for us ({told})")
    return Rejected(f"{told}: the {'recipient' if step is Step.RECIPIENT else 'message'} is refused")


def _why_closed(error: SMTPException | OSError) -> str:
    """For an operator."""
    cause = error if isinstance(error, OSError) and error.errno else error.__cause__
    if isinstance(error, SMTPAuthenticationError):
        return f"sai tên đăng nhập hoặc mật khẩu / the server refuses our login ({_codes(error)})"
    if isinstance(error, SMTPResponseException):
        return f"máy chủ thư không tiếp / the mail server turns us away ({_codes(error)})"
    if isinstance(error, ssl.SSLError) or isinstance(cause, ssl.SSLError):
        return "không tin được chứng thư của máy chủ thư / the mail server's certificate cannot be trusted"
    if isinstance(error, TimeoutError):
        return "máy chủ thư không trả lời / the mail server does not answer in time"
    if isinstance(error, SMTPServerDisconnected):
        return "máy chủ thư cắt kết nối / the mail server hangs up"
    if isinstance(cause, OSError):
        word = errno.errorcode.get(cause.errno or 0, type(cause).__name__)
        return f"không kết nối được máy chủ thư / cannot connect to the mail server ({word})"
    return "máy chủ thư không có STARTTLS hoặc đăng nhập / the mail server offers no STARTTLS or no login"


def _codes(error: SMTPResponseException) -> str:
    return f"SMTP {error.code} {_enhanced(error)}".rstrip()


def _enhanced(error: SMTPResponseException) -> str:
    found = _ENHANCED.match(error.message.lstrip())
    return found[0] if found else ""
