"""Roles as a form asks for them: rows of a role and an agency."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.model.staff import EVERYWHERE, Grant, Role
from bot.staff_fields import Refusal, is_agency
from bot.web.console.visit import RefusedError, Visit

WHOLE = "*"
"""How the whole province is typed: a field left empty by mistake must not mean it."""

_SPARE = 2
"""Empty rows beside those in use."""
_MOST = 40
_ROLES = frozenset(map(str, Role))


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as roles where it can be."""

    rows: tuple[tuple[str, str], ...] = ()
    """(role, agency), to be shown again."""
    grants: frozenset[Grant] = frozenset()
    problem: str = ""
    """`role_blank`, `agency_blank` or a `Refusal`; empty: none."""


def fields_of(grants: Collection[Grant]) -> tuple[tuple[str, str], ...]:
    """Rows of a form with these roles, and room for more."""
    rows = [(str(each.role), each.agency or WHOLE) for each in sorted(grants)]
    return (*rows, *[("", "")] * _SPARE)


def asked_of(visit: Visit) -> Asked:
    """The rows of the form. Whatever else was sent is not looked at."""
    roles, agencies = (visit.form.getall(name, []) for name in ("role", "agency"))
    if len(roles) != len(agencies) or len(roles) > _MOST:
        raise RefusedError(422, "unreadable")
    rows = tuple((str(role).strip(), str(agency).strip()) for role, agency in zip(roles, agencies, strict=True))
    if any(role and role not in _ROLES for role, _ in rows):
        raise RefusedError(422, "unreadable")
    used = [row for row in rows if any(row)]
    return Asked(rows, frozenset(Grant(Role(role), _agency(agency)) for role, agency in used if role), _problem(used))


def _agency(typed: str) -> str:
    return EVERYWHERE if typed == WHOLE else typed


def _problem(rows: Collection[tuple[str, str]]) -> str:
    if any(not role for role, _ in rows):
        return "role_blank"
    if any(not agency for _, agency in rows):
        return "agency_blank"
    return "" if all(is_agency(_agency(agency)) for _, agency in rows) else Refusal.AGENCY
