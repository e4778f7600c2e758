"""Who works with the console: roles, the rights they give, and for which agencies."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256


class Role(StrEnum):
    """What somebody does in an agency. One person may have several."""

    VIEWER = "viewer"
    CLERK = "clerk"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Right(StrEnum):
    """What an act asks for."""

    SEE = "see"
    """Dossiers, messages, figures."""
    WORK = "work"
    """Draft, answer, resend, let go what is held."""
    APPROVE = "approve"
    """What another person has drafted."""
    ADMINISTER = "administer"
    """People, keys, channels, sources, published texts."""
    AUDIT = "audit"
    """Read who did what."""


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.CLERK: frozenset({Right.SEE, Right.WORK}),
    Role.APPROVER: frozenset({Right.SEE, Right.WORK, Right.APPROVE}),
    Role.ADMINISTRATOR: frozenset({Right.SEE, Right.WORK, Right.ADMINISTER}),
    Role.AUDITOR: frozenset({Right.SEE, Right.AUDIT}),
}
"""Who administers does not approve by that: whoever is to do both has both roles."""

EVERYWHERE = ""
"""The agency of a grant that is for the whole province."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The agencies for which somebody has a right, each with all below it."""

    agencies: tuple[str, ...]
    """`("",)`: all of them; `()`: none."""

    @property
    def is_everywhere(self) -> bool:
        return EVERYWHERE in self.agencies

    @property
    def asked(self) -> tuple[str, ...]:
        """As the stores take it: none means all. Only for a scope that is not empty."""
        if not self.agencies:
            raise ValueError("a scope without agencies asks for nothing")
        return () if self.is_everywhere else self.agencies

    def covers(self, agency: str) -> bool:
        """What belongs to no agency belongs to the whole province."""
        return any(each == EVERYWHERE or agency == each or agency.startswith(f"{each}.") for each in self.agencies)

    def within(self, agencies: Collection[str]) -> "Scope":
        """Both of them: what of `agencies` (with all below; none: all) is covered, and what of the scope they cover."""
        if not agencies:
            return self
        other = Scope(tuple(agencies))
        ours = {each for each in self.agencies if other.covers(each)}
        return Scope(tuple(sorted(ours | {each for each in agencies if self.covers(each)})))


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role in an agency and all below it."""

    role: Role
    agency: str = EVERYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody with an account."""

    id: str
    login: str
    """As typed at the door, folded to small letters: `lan.nguyen`. It is also how the records name the person."""
    name: str = field(repr=False)
    """As colleagues read it: `Nguyễn Thị Lan`."""
    email: str = field(default="", repr=False)
    grants: frozenset[Grant] = frozenset()
    since: datetime
    disabled_at: datetime | None = None
    """No longer let in."""
    subject: str = ""
    """The person's name at the OpenID provider; empty: does not come from there."""
    seen_at: datetime | None = None
    """The last log-in; None: never yet. Kept by `StaffStore.saw`."""

    def scope(self, right: Right) -> Scope:
        """For which agencies this right is given."""
        return Scope(tuple(sorted({each.agency for each in self.grants if right in RIGHTS[each.role]})))

    def may(self, right: Right, agency: str | None = None) -> bool:
        """In this agency, or with None in any."""
        scope = self.scope(right)
        return bool(scope.agencies) if agency is None else scope.covers(agency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What opens the door. Never shown, never logged."""

    password: str = field(default="", repr=False)
    """Hash by pwdlib (argon2id); empty: nobody gets in with a password."""
    totp: str = field(default="", repr=False)
    """Base 32 secret of the second factor (RFC 6238); empty: not set up."""
    totp_step: int = 0
    """The last time step whose code was used; a code opens once."""
    recovery: tuple[str, ...] = field(default=(), repr=False)
    """SHA-256 of the codes that open in place of a lost phone, each once."""
    failures: int = 0
    """Since the last success."""
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How a member comes in, without what opens the door."""

    has_password: bool
    has_totp: bool
    recovery: int
    """Recovery codes that are left."""
    locked_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSession:
    """An open browser of a member."""

    digest: str = field(repr=False)
    """SHA-256 of what the cookie holds."""
    member: str
    opened_at: datetime
    seen_at: datetime
    agent: str = ""
    """The browser, shortened."""
    network: str = field(default="", repr=False)
    proved_at: datetime | None = None
    """When the second factor was given; None: not yet, and nothing but asking for it is allowed."""
    note: str = field(default="", repr=False)
    """A sentence for the next page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInvitation:
    """A letter that lets somebody make an account, once."""

    digest: str = field(repr=False)
    """SHA-256 of the secret in the letter's address."""
    login: str
    name: str = field(repr=False)
    email: str = field(default="", repr=False)
    grants: frozenset[Grant]
    by: str
    at: datetime
    expires_at: datetime
    member: str = ""
    """Whose account it opens anew; empty: it makes one."""


def digest_of(secret: str) -> str:
    """What is kept of a cookie's or a letter's secret. They are random, and long: no slow hash is needed."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
