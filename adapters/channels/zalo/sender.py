"""Hands one message to Zalo: as free text while the citizen was heard of lately, else as a registered template."""

import logging
import re
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.channels.zalo.api import Api
from adapters.channels.zalo.composing import filled, template_for
from adapters.channels.zalo.documents import Documents
from adapters.channels.zalo.errors import Class, meaning_of
from adapters.channels.zalo.quota import Quota
from adapters.channels.zalo.settings import Settings, Template
from adapters.channels.zalo.verdicts import Reply, outcome_of
from adapters.pieces import pieces
from bot.model.clock import Clock
from bot.model.message import Accepted, OutboxItem, Outcome, Rejected, Retry, Uncertain
from bot.model.sms import nfc

log = logging.getLogger(__name__)

LONGEST = 2000
"""Characters of NFC in a consultation message; counted in UTF-16 units, so that it fits however Zalo counts."""
GATE = timedelta(days=7)
"""After its user's last word an account may send free text for so long."""
FREE = timedelta(hours=48)
"""For so long it costs nothing."""
MARGIN = timedelta(minutes=10)
"""Our clock and Zalo's may differ, and a message may wait on its way."""

_USER = re.compile(r"[0-9]{1,32}")
_PHONE = re.compile(r"\+84[0-9]{9}")
_WARNED_AGAIN = timedelta(hours=1)


class ZaloSender:
    """Addresses `zalo:` are users of this account, `zalophone:` whoever has that phone."""

    def __init__(self, name: str, settings: Settings, api: Api, quota: Quota, *, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._api = api
        self._documents = Documents(api)
        self._quota = quota
        self._clock = clock
        self._warned: dict[int, datetime] = {}

    async def send(self, item: OutboxItem) -> Outcome:
        value = item.address.value
        if item.address.scheme == "zalo" and _USER.fullmatch(value):
            return await self._to_user(item)
        if item.address.scheme == "zalophone" and _PHONE.fullmatch(value):
            return await self._to_phone(item)
        return Rejected("the address is neither a user of the account nor a Vietnamese phone")

    async def _to_user(self, item: OutboxItem) -> Outcome:
        outcome = await self._consultation(item) if self._is_within(GATE, item.heard_at) else None
        return outcome or await self._template_to_user(item)

    def _is_within(self, span: timedelta, heard_at: datetime | None) -> bool:
        return heard_at is not None and self._clock() < heard_at + span - MARGIN

    # Free text

    async def _consultation(self, item: OutboxItem) -> Outcome | None:
        """In several messages where it is too long for one; None where Zalo lets no free text through."""
        texts = pieces(nfc(item.text), LONGEST)
        references: list[str] = []
        for number, text in enumerate(texts, 1):
            reply = await self._api.consult(item.address.value, text)
            if isinstance(reply, Reply) and reply.code == 0:
                references.append(reply.text("message_id"))
                continue
            if not references and isinstance(reply, Reply) and meaning_of(reply.code).kind is Class.SILENT:
                return None
            outcome = self._outcome(reply, item)
            taken = tuple(filter(None, references))
            return Uncertain(f"piece {number} of {len(texts)}: {outcome.reason}", taken) if references else outcome
        if not texts:
            return Rejected("the text is empty")
        accepted = self._accepted(references, cost=self._price_of_text(item))
        if not item.files:
            return accepted
        # Without their references: it is the text whose receipts count.
        return replace(accepted, reason=await self._documents.follow(item.address.value, item.files))

    def _price_of_text(self, item: OutboxItem) -> int | None:
        return 0 if self._is_within(FREE, item.heard_at) else self._settings.price_late

    # Registered templates

    async def _template_to_user(self, item: OutboxItem) -> Outcome:
        prepared = self._prepared(item)
        if not isinstance(prepared, tuple):
            return prepared
        template, values = prepared
        reply = await self._api.template_to_user(item.address.value, template.id, values)
        return self._of_template(reply, item, "message_id", template.price_uid)

    async def _to_phone(self, item: OutboxItem) -> Outcome:
        prepared = self._prepared(item)
        if not isinstance(prepared, tuple):
            return prepared
        template, values = prepared
        phone = item.address.value.removeprefix("+")
        reply = await self._api.template_to_phone(phone, template.id, values, tracking_id=item.id)
        return self._of_template(reply, item, "msg_id", template.price_phone)

    def _prepared(self, item: OutboxItem) -> tuple[Template, dict[str, str]] | Outcome:
        template = template_for(item, self._name, self._settings.templates)
        if isinstance(template, Rejected):
            return template
        if template is None:
            return Rejected(f"no registered template for {item.situation}, and free text may not be sent now")
        values = filled(template, item.values)
        if isinstance(values, Rejected):
            return values
        if (wait := self._quota.wait()) is not None:
            return Retry("today's template messages are used up", wait, counts=False, elsewhere=True)
        return template, values

    def _of_template(self, reply: Reply | Outcome, item: OutboxItem, id_name: str, price: int | None) -> Outcome:
        if not isinstance(reply, Reply):
            return reply
        if reply.code == 0:
            self._quota.read(reply.content.get("quota"))
            # By phone it is on the phone only when the receipt says so; a user of the account has it at once.
            return self._accepted([reply.text(id_name)], cost=price, is_shown=item.address.scheme == "zalo")
        if reply.code == -144:
            self._quota.is_used_up()
        return self._outcome(reply, item)

    def _accepted(self, references: list[str], *, cost: int | None, is_shown: bool = True) -> Accepted:
        is_final = is_shown and not self._settings.receipts
        return Accepted(tuple(filter(None, references)), cost=cost, final=is_final)

    def _outcome(self, reply: Reply | Outcome, item: OutboxItem) -> Outcome:
        if not isinstance(reply, Reply):
            return reply
        now = self._clock()
        if meaning_of(reply.code).kind is Class.SERVICE:
            self._warn(reply.code, now)
        return outcome_of(reply.code, now=now, expires_at=item.expires_at)

    def _warn(self, code: int, now: datetime) -> None:
        """Once an hour: the messages go another way, but somebody must act."""
        if code not in self._warned or now - self._warned[code] >= _WARNED_AGAIN:
            self._warned[code] = now
            log.error("%s: Zalo %d: %s", self._name, code, meaning_of(code).words)
