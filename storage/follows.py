"""Who is told of a dossier beside its owner, and whom the owner has invited to be."""

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.model.person import Address, Binding, Follow, Invitation
from bot.ports import Audience
from storage.edge import key_set, to_json
from storage.people import binding_of, preference_of
from storage.statements import Row, Statements


class Follows:
    """`bot.ports.FollowStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def add(self, follow: Follow) -> bool:
        values = {
            "address": follow.address.key,
            "source": follow.source,
            "code": follow.code,
            "channel": follow.channel,
            "invited_by": follow.invited_by,
            "language": follow.language,
        }
        if await self._sql.change("follow", since=to_millis(follow.since), **values):
            return True
        await self._sql.change("follow_again", **values)
        return False

    async def remove(self, address: Address, source: str, code: str) -> bool:
        return await self._sql.change("unfollow", address=address.key, source=source, code=code) > 0

    async def remove_all(self, address: Address) -> int:
        return await self._sql.change("unfollow_all", address=address.key)

    async def of(self, address: Address) -> list[Follow]:
        return [_follow_of(row) for row in await self._sql.rows("followed_by", address=address.key)]

    async def followers(self, source: str, code: str) -> list[Follow]:
        return [_follow_of(row) for row in await self._sql.rows("followers", source=source, code=code)]

    async def invite(self, invitation: Invitation) -> None:
        await self._sql.change(
            "invite",
            digest=invitation.digest,
            source=invitation.source,
            code=invitation.code,
            phone=invitation.phone,
            expires_at=to_millis(invitation.expires_at),
        )

    async def redeem(self, digest: str, *, now: datetime) -> Invitation | None:
        rows = await self._sql.rows("redeem", digest=digest, now=to_millis(now))
        # What has run out holds the owner's phone for nothing.
        await self._sql.change("drop_old_invitations", now=to_millis(now))
        return _invitation_of(rows[0]) if rows else None

    async def revoke(self, source: str, code: str) -> int:
        await self._sql.change("revoke_invitations", source=source, code=code)
        return await self._sql.change("revoke_follows", source=source, code=code)

    async def audience(self, phones: Collection[str], dossiers: Collection[tuple[str, str]]) -> Audience:
        """Only phones and dossiers that somebody is bound to, follows, disowned or said something of are in it."""
        wanted = key_set(phones)
        bindings = await self._sql.rows("bindings_of", phones=wanted) if phones else []
        disowned = await self._sql.rows("disowned_of", phones=wanted) if phones else []
        preferences = await self._sql.rows("preferences_of", phones=wanted) if phones else []
        follows = await self._sql.rows("followers_of", dossiers=_pairs(dossiers)) if dossiers else []
        return Audience(
            bindings=_by_phone(map(binding_of, bindings)),
            follows=_by_dossier(map(_follow_of, follows)),
            disowned={row["phone"]: from_millis(row["at"]) for row in disowned},
            preferences={row["phone"]: preference_of(row) for row in preferences},
        )


def _pairs(dossiers: Collection[tuple[str, str]]) -> str:
    """As a JSON object, so that `json_each` yields each pair as `value`."""
    return to_json(
        {str(number): {"source": source, "code": code} for number, (source, code) in enumerate(sorted(set(dossiers)))}
    )


def _by_phone(bindings: Iterable[Binding]) -> dict[str, list[Binding]]:
    found: dict[str, list[Binding]] = {}
    for binding in sorted(bindings, key=lambda each: (each.heard_at, each.since, each.address.key), reverse=True):
        found.setdefault(binding.phone, []).append(binding)
    return found


def _by_dossier(follows: Iterable[Follow]) -> dict[tuple[str, str], list[Follow]]:
    found: dict[tuple[str, str], list[Follow]] = {}
    for follow in follows:
        found.setdefault((follow.source, follow.code), []).append(follow)
    return found


def _follow_of(row: Row) -> Follow:
    return Follow(
        address=Address.of(row["address"]),
        source=row["source"],
        code=row["code"],
        channel=row["channel"],
        since=from_millis(row["since"]),
        invited_by=row["invited_by"],
        language=row["language"],
    )


def _invitation_of(row: Row) -> Invitation:
    return Invitation(
        digest=row["digest"],
        source=row["source"],
        code=row["code"],
        phone=row["phone"],
        expires_at=from_millis(row["expires_at"]),
    )
