"""Two people who work at the demo's console: one drafts, the other approves."""

import secrets
from dataclasses import dataclass

from bot.model.staff import Credentials, Grant, Member, Role
from bot.passwords import hashed
from bot.service import App


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody types at the door."""

    login: str
    password: str


_PEOPLE = (
    ("lan", "Nguyễn Thị Lan", (Role.CLERK, Role.ADMINISTRATOR)),
    ("hung", "Trần Văn Hùng", (Role.APPROVER, Role.ADMINISTRATOR, Role.AUDITOR)),
)


async def hire(running: App) -> list[Account]:
    """Makes their accounts, with passwords that are told once."""
    return [await _hired(running, login, name, roles) for login, name, roles in _PEOPLE]


async def _hired(running: App, login: str, name: str, roles: tuple[Role, ...]) -> Account:
    account = Account(login, secrets.token_urlsafe(9))
    grants = frozenset(Grant(role) for role in roles)
    member = Member(id=running.new_id(), login=login, name=name, grants=grants, since=running.clock())
    credentials = Credentials(password=await hashed(account.password))
    await running.storage.write(lambda tx: tx.staff.add(member, credentials))
    return account
