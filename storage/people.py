"""Chats and the phones they belong to: bindings, one-time codes, consents, preferences, numbers with a new owner."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.model.clock import from_millis, to_millis
from bot.model.person import Address, Binding, Consent, OneTimeCode, Preference, Proof, Purpose
from bot.ports.people import Withdrawn
from storage.edge import key_set, millis, moment
from storage.statements import Row, Statements

_KEPT_EXPIRED = timedelta(days=1)
"""A code that ran out is still told apart from none for so long; then the phone beside it goes."""

_YIELDING = ("binding", "code", "conversation", "do_not_send", "talk", "follows", "surveys", "consents")
"""What exists once for an address, or once for an address and something else."""
_MOVING = (*_YIELDING, "feedback", "inbound", "messages")


class People:
    """`bot.ports.PeopleStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def bind(self, binding: Binding) -> None:
        await self._sql.change(
            "bind",
            address=binding.address.key,
            phone=binding.phone,
            proof=str(binding.proof),
            since=to_millis(binding.since),
            channel=binding.channel,
            language=binding.language,
        )

    async def binding(self, address: Address) -> Binding | None:
        row = await self._sql.row("binding", address=address.key)
        return binding_of(row) if row else None

    async def unbind(self, address: Address) -> bool:
        return await self._sql.change("unbind", address=address.key) > 0

    async def unbind_phone(self, phone: str) -> list[Address]:
        rows = await self._sql.rows("unbind_phone", phone=phone)
        return [Address.of(key) for key in sorted(row["address"] for row in rows)]

    async def lapse(self, *, silent_since: datetime) -> int:
        return await self._sql.change("lapse_bindings", silent_since=to_millis(silent_since))

    async def move(self, old: Address, new: Address) -> None:
        if old == new:
            return
        for name in (*(f"yield_{each}" for each in _YIELDING), *(f"move_{each}" for each in _MOVING)):
            await self._sql.change(name, old=old.key, new=new.key)

    async def disown(self, phone: str, *, at: datetime) -> None:
        await self._sql.change("disown", phone=phone, at=to_millis(at))
        await self._sql.change("disown_preference", phone=phone, at=to_millis(at))

    async def disowned(self, phone: str) -> datetime | None:
        return moment(await self._sql.value("disowned", phone=phone))

    async def prefer(self, preference: Preference, *, at: datetime) -> None:
        await self._sql.change(
            "prefer",
            phone=preference.phone,
            scheme=preference.scheme,
            important_only=int(preference.important_only),
            at=to_millis(at),
        )

    async def preference(self, phone: str) -> Preference | None:
        row = await self._sql.row("preference", phone=phone)
        return preference_of(row) if row else None

    async def agree(self, consents: Sequence[Consent]) -> None:
        rows = [_consent_row(consent) for consent in consents]
        # In one order, so that two writers of the same ones cannot wait for each other.
        await self._sql.change_many("agree", sorted(rows, key=lambda row: (row["address"], row["purpose"])))

    async def withdraw(self, address: Address, purposes: Collection[Purpose], *, at: datetime) -> int:
        return await self._sql.change("withdraw", address=address.key, purposes=key_set(purposes), at=to_millis(at))

    async def consents(self, address: Address) -> list[Consent]:
        return [_consent_of(row) for row in await self._sql.rows("consents", address=address.key)]

    async def withdrawn(self, after: int, *, limit: int) -> Withdrawn:
        rows = await self._sql.rows("consents_withdrawn", behind=after, most=limit)
        return Withdrawn([_consent_of(row) for row in rows], rows[-1]["number"] if rows else after)

    async def put_code(self, code: OneTimeCode) -> None:
        await self._sql.change("drop_old_codes", before=to_millis(code.sent_at - _KEPT_EXPIRED))
        await self._sql.change(
            "put_code",
            address=code.address.key,
            phone=code.phone,
            digest=code.digest,
            sent_at=to_millis(code.sent_at),
            expires_at=to_millis(code.expires_at),
            tries=code.tries,
        )

    async def code_of(self, address: Address) -> OneTimeCode | None:
        row = await self._sql.row("code_of", address=address.key)
        return _code_of(row) if row else None

    async def failed_try(self, address: Address) -> None:
        await self._sql.change("failed_try", address=address.key)

    async def drop_code(self, address: Address) -> None:
        await self._sql.change("drop_code", address=address.key)


def binding_of(row: Row) -> Binding:
    """From the binding's columns and the `heard_at` of its conversation, which may be missing."""
    return Binding(
        address=Address.of(row["address"]),
        phone=row["phone"],
        proof=Proof(row["proof"]),
        since=from_millis(row["since"]),
        heard_at=from_millis(max(row["since"], row["heard_at"] or 0)),
        channel=row["channel"],
        language=row["language"],
    )


def preference_of(row: Row) -> Preference:
    return Preference(row["phone"], row["scheme"], bool(row["important_only"]))


def _consent_row(consent: Consent) -> dict[str, object]:
    return {
        "address": consent.address.key,
        "purpose": str(consent.purpose),
        "wording": consent.wording,
        "given_at": to_millis(consent.given_at),
        "withdrawn_at": millis(consent.withdrawn_at),
    }


def _consent_of(row: Row) -> Consent:
    return Consent(
        address=Address.of(row["address"]),
        purpose=Purpose(row["purpose"]),
        wording=row["wording"],
        given_at=from_millis(row["given_at"]),
        withdrawn_at=moment(row["withdrawn_at"]),
    )


def _code_of(row: Row) -> OneTimeCode:
    return OneTimeCode(
        address=Address.of(row["address"]),
        phone=row["phone"],
        digest=row["digest"],
        sent_at=from_millis(row["sent_at"]),
        expires_at=from_millis(row["expires_at"]),
        tries=row["tries"],
    )
