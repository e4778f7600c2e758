"""Pure: the second factor, a time-based code of a phone (RFC 6238), and the codes for when the phone is lost."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import pyotp

from bot.model.clock import to_millis
from bot.model.staff import Credentials

STEP = 30
"""Seconds for which a code is shown."""
WINDOW = 1
"""Steps by which a phone's clock may be wrong."""
CODES = 10
"""Recovery codes that somebody gets."""

_DIGITS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Nothing that is mistaken for something else when it is copied from paper."""
_LENGTH = 12


def with_code(credentials: Credentials, code: str, now: datetime) -> Credentials | None:
    """The credentials once this code has been used up; None: it does not open."""
    typed = "".join(code.split()).replace("-", "").lower()
    if typed.isascii() and typed.isdigit() and len(typed) == 6:
        step = step_of(credentials.totp, typed, now, after=credentials.totp_step)
        return replace(credentials, totp_step=step) if step else None
    digest = recovery_digest(typed)
    if not any(compare_digest(digest, each) for each in credentials.recovery):
        return None
    return replace(credentials, recovery=tuple(each for each in credentials.recovery if each != digest))


def step_of(secret: str, code: str, now: datetime, *, after: int = 0) -> int:
    """The time step to which the code belongs; 0: none that is near, or not after the last one that was used."""
    if not secret:
        return 0
    here = to_millis(now) // 1000 // STEP
    maker = pyotp.TOTP(secret, interval=STEP)
    found = 0
    # All of them, always: the time tells nothing.
    for step in range(here - WINDOW, here + WINDOW + 1):
        if compare_digest(maker.generate_otp(step), code) and step > after:
            found = step
    return found


def enrolment_address(secret: str, login: str, issuer: str) -> str:
    """What the square holds that an authenticator app reads: `otpauth://totp/…`."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=login, issuer_name=issuer)


def recovery_codes(choose: Callable[[str], str] = secrets.choice) -> list[str]:
    """Fresh ones, as people read them: `k7qd-93mh-x2rt`."""
    return ["-".join("".join(choose(_DIGITS) for _ in range(4)) for _ in range(_LENGTH // 4)) for _ in range(CODES)]


def recovery_digest(code: str) -> str:
    """What is kept of a recovery code. 59 random bits need no slow hash."""
    return sha256("".join(code.split()).replace("-", "").lower().encode()).hexdigest()
