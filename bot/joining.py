"""Flow: how somebody becomes a member: by the letter that she was given, or by the province's identity provider."""

from dataclasses import dataclass, replace

from bot.model.audit import Entry
from bot.model.clock import Clock
from bot.model.ids import NewId
from bot.model.staff import Credentials, Member, StaffInvitation, digest_of
from bot.passwords import hashed, weakness_of
from bot.ports import Storage, Transaction
from bot.staff_fields import Refusal, read_name, told_of


@dataclass(frozen=True, slots=True)
class Joining:
    """What people do who have no account yet, or whose account was reset. All of it is recorded."""

    storage: Storage
    clock: Clock
    new_id: NewId

    async def accept(self, secret: str, name: str, password: str) -> Member | Refusal | str:
        """Makes the account of a letter, or opens it anew. Else the word for what is wrong with name or password, which
        can be put right; or MISSING where the letter is wrong, used or too old, which of them is not told."""
        digest = digest_of(secret)
        letter = await self.letter(secret)
        if letter is None:
            return Refusal.MISSING
        shown = read_name(name)
        if not shown:
            return Refusal.NAME
        if weakness := weakness_of(password, letter.login, shown):
            return str(weakness)
        credentials = Credentials(password=await hashed(password))

        async def work(tx: Transaction) -> Member | Refusal:
            await tx.staff.lock()
            # Read anew: it may have been used, and its rights changed, while the password was worked on.
            kept = await tx.staff.invitation(digest)
            if kept is None or kept.expires_at <= self.clock() or not await tx.staff.use_invitation(digest):
                return Refusal.MISSING
            return await self._joined(tx, kept, shown, credentials, subject="")

        return await self.storage.write(work)

    async def letter(self, secret: str) -> StaffInvitation | None:
        """While it holds."""
        found = await self.storage.read(lambda tx: tx.staff.invitation(digest_of(secret)))
        return found if found and found.expires_at > self.clock() else None

    async def recognised(self, subject: str, email: str) -> Member | None:
        """The member whom the OpenID provider means; `email`: verified by it, else empty. Who comes for the first time
        is linked to the one invitation, or the one account, that has this e-mail."""
        email = email.strip().casefold()

        async def work(tx: Transaction) -> Member | None:
            members = await tx.staff.lock()
            known = next((each for each in members if each.subject == subject), None)
            if known or not email:
                return known
            letters = [each for each in await tx.staff.invitations() if each.email == email]
            letters = [each for each in letters if each.expires_at > self.clock()]
            theirs = [each for each in members if each.email == email]
            if len(letters) == 1 and all(each.id == letters[0].member for each in theirs):
                await tx.staff.use_invitation(letters[0].digest)
                joined = await self._joined(tx, letters[0], letters[0].name, Credentials(), subject=subject)
                return None if isinstance(joined, Refusal) else joined
            if letters or len(theirs) != 1 or theirs[0].subject or theirs[0].disabled_at:
                return None
            linked = replace(theirs[0], subject=subject)
            await tx.staff.save(linked)
            await self._record(tx, "staff.linked", linked)
            return linked

        return await self.storage.write(work)

    async def _joined(
        self, tx: Transaction, letter: StaffInvitation, name: str, credentials: Credentials, *, subject: str
    ) -> Member | Refusal:
        if letter.member:
            kept = await tx.staff.member(letter.member)
            if kept is None or kept.disabled_at:
                return Refusal.MISSING
            member = replace(kept, name=name, subject=subject or kept.subject)
            await tx.staff.save(member)
            await tx.staff.save_credentials(member.id, credentials)
        else:
            member = Member(
                id=self.new_id(), login=letter.login, name=name, email=letter.email, grants=letter.grants,
                since=self.clock(), subject=subject,
            )  # fmt: skip
            if not await tx.staff.add(member, credentials):
                return Refusal.MISSING
        await self._record(tx, "staff.joined", member)
        return member

    async def _record(self, tx: Transaction, what: str, member: Member) -> None:
        """The last thing of a transaction."""
        entry = Entry(at=self.clock(), by=member.login, what=what, subject=member.login, after=told_of(member))
        await tx.audit.add([entry])
