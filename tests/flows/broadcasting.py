"""An office that sends to many: broadcasts over a real database, with a sender whose phone takes everything."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.admission import Admission
from bot.broadcast_handing import HandingOut
from bot.broadcast_settings import BroadcastSettings
from bot.broadcast_watch import BroadcastWatch
from bot.broadcast_ways import Prices, Spreading
from bot.broadcasts import Broadcasts
from bot.config import OutboxSettings
from bot.gateway_settings import BudgetSettings
from bot.model.broadcast import Audience, Broadcast, BroadcastState, Recipient, Refusal
from bot.model.clock import VIETNAM
from bot.model.ids import NewId
from bot.model.message import Accepted, DeliveryState, OutboxItem, Outcome
from bot.model.person import Address, Binding, Proof
from bot.model.wording import Wording
from bot.outbox import Outbox
from bot.ports import Channel, Limits, Mirrored, Storage
from bot.purse import Budgets
from bot.quiet import QuietHours
from bot.reaching import Chats, Reach
from bot.receipts import record_in
from bot.routing import Routes
from bot.settings import SmsSettings
from bot.situation_settings import QuietSettings
from bot.texts.findings import Rules
from tests.support.making import Time, numbered_ids, planner
from tests.support.making import dossier as made_dossier

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=VIETNAM)
PRICE = 400
WORDING = Wording(
    chat="Kính gửi Ông/Bà {{ ten }}, ngày mai Bộ phận Một cửa nghỉ.",
    sms="Kinh gui {{ ten }}: ngay mai Bo phan Mot cua nghi.",
)
_ids = numbered_ids()
TIMING = OutboxSettings(lease=2.0, send=1.0, poll=0.02, sweep=0.05)


def phone(number: int) -> str:
    return f"+8491{number:07}"


def people(number: int, *, first: int = 1) -> list[Recipient]:
    """A list of so many, one a row."""
    return [
        Recipient(number=each + 1, phone=phone(each), values={"ten": f"Bà Lan {each}"})
        for each in range(first, first + number)
    ]


@dataclass
class Phones:
    """Takes everything, and remembers how often it came to whom."""

    texts: Counter[str] = field(default_factory=Counter)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    most: int | None = None
    """So many are taken before the line is dead, until `open` is set."""

    async def send(self, item: OutboxItem) -> Outcome:
        if self.most is not None and self.texts.total() >= self.most:
            await self.open.wait()
        self.texts[item.address.value] += 1
        return Accepted(final=True)


@dataclass
class Office:
    """Staff, their broadcasts, and the watch."""

    storage: Storage
    clock: Time
    broadcasts: Broadcasts
    watch: BroadcastWatch
    phones: Phones = field(default_factory=Phones)

    async def draft(self, wording: Wording = WORDING, **changes: Any) -> Broadcast:
        """By Lan."""
        agency = changes.pop("agency", "H32.10")
        made = await self.broadcasts.begin(title="Nghỉ lễ", agency=agency, by="lan")
        return sure(await self.broadcasts.change(made.id, revision=made.revision, by="lan", wording=wording, **changes))

    async def listed(self, number: int, *, digest: str = "d1", **changes: Any) -> Broadcast:
        """With a list of so many, counted."""
        draft = await self.draft(**changes)
        sure(await self.broadcasts.take_list(draft.id, people(number), name="ds.xlsx", digest=digest, by="lan"))
        return sure(await self.broadcasts.draw_up(draft.id, by="lan"))

    async def asked(self, audience: Audience, **changes: Any) -> Broadcast:
        draft = await self.draft(audience=audience, **changes)
        return sure(await self.broadcasts.draw_up(draft.id, by="lan"))

    async def submitted(self, draft: Broadcast) -> Broadcast:
        sure(await self.broadcasts.test(draft.id, to="0912 000 999", by="lan"))
        return sure(await self.broadcasts.submit(draft.id, by="lan"))

    async def approved(self, draft: Broadcast) -> Broadcast:
        submitted = await self.submitted(draft)
        if submitted.state is BroadcastState.APPROVED:
            return submitted
        return sure(await self.broadcasts.approve(draft.id, by="Hoa"))

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.watch.look()

    async def seen(self, broadcast: Broadcast) -> Broadcast:
        found = await self.broadcasts.get(broadcast.id)
        assert found is not None
        return found

    async def states(self, broadcast: Broadcast) -> dict[DeliveryState, int]:
        return (await self.broadcasts.progress(broadcast.id)).by_state

    async def until(self, is_so: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not await is_so():
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def sending(self, name: str = "sms", *, window: int = 4) -> AsyncIterator[Phones]:
        admission = Admission(name, quiet=QuietHours(QuietSettings()))
        channel = Channel(name, self.phones, Limits(longest=0, rate=0, window=window))
        outbox = Outbox(
            channel,
            self.storage,
            owner="here",
            clock=self.clock,
            record_receipts=record_in,
            timing=TIMING,
            admission=admission,
        )
        task = asyncio.ensure_future(outbox.run())
        try:
            yield self.phones
        finally:
            self.phones.open.set()
            outbox.stop()
            await task

    async def mirrored(self, *numbers: int, **changes: Any) -> None:
        """Dossiers of as many people."""
        dossiers = [made_dossier(each, **{"phone": phone(each), "agency": "H32.10", **changes}) for each in numbers]
        mirrored = [Mirrored.of(each, 0) for each in dossiers]
        await self.storage.write(lambda tx: tx.dossiers.add(mirrored, at=self.clock()))

    async def bound(self, number: int, scheme: str = "telegram", chat: str = "77") -> None:
        binding = Binding(Address(scheme, chat), phone(number), Proof.CONTACT, self.clock(), self.clock(), scheme, "vi")
        await self.storage.write(lambda tx: tx.people.bind(binding))


def sure(answer: Broadcast | Refusal) -> Broadcast:
    assert isinstance(answer, Broadcast), answer
    return answer


def office_over(
    storage: Storage,
    clock: Time | None = None,
    *,
    monthly: int | None = None,
    new_id: NewId | None = None,
    **settings: Any,
) -> Office:
    """`settings` are those of `[broadcasts]`."""
    time = clock or Time(MORNING)
    reach = Reach(planner(new_id or _ids), Chats({"telegram": "telegram", "webchat": "webchat"}))
    spreading = Spreading(reach, has_sms=True)
    given = BroadcastSettings(**{"canary": 0, **settings})
    broadcasts = Broadcasts(
        storage=storage,
        beneath=storage,
        spreading=spreading,
        prices=Prices(Routes({}, sms=["sms"]), {"sms": SmsSettings(prices={"default": PRICE})}),
        settings=given,
        rules=Rules(),
        clock=time,
        budgets=Budgets(BudgetSettings(monthly=monthly)),
    )
    handing = HandingOut(broadcasts.pages, given, frozenset(), time)
    return Office(storage, time, broadcasts, BroadcastWatch(storage, handing))
