"""`motcua send-test`: one message through the running service, watched until its end is known."""

import asyncio
import time
from dataclasses import replace

from bot import app, show
from bot.command_record import command_entry, recorded
from bot.config import nearest
from bot.model.carrier import hinted
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from bot.model.ids import id_maker
from bot.model.message import FINAL, DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.planning import LIFETIME
from bot.ports import Storage
from bot.texts import Catalogue

_LOOK = 0.2
_ENDS = FINAL | {DeliveryState.UNCERTAIN}


async def send_test(plan: app.Plan, channel: str, to: str, text: str, wait: float) -> bool:
    """Plans the message and prints each state that it reaches; True if it was accepted or delivered."""
    address = _address(_scheme(plan, channel), to)
    route, queue = _place(plan, channel, address)
    async with app.open_database(plan.config) as storage:
        item = replace(_item(queue, address, text), route=route)
        told = command_entry("message.tested", item.id, after={"channel": channel, "parts": item.parts})
        await recorded(storage, told).write(lambda tx: tx.outbox.enqueue([item]))
        show.console.print(f"Đã lập tin / planned {item.id} → {address}")
        state = await _watch(storage, item.id, wait)
        if state is DeliveryState.QUEUED:
            show.errors.print(
                "Tin chưa đi: chưa có dịch vụ nào chạy (`motcua run`), hoặc kênh đang dừng (`motcua routes list`, "
                "`motcua check`). Sau 10 phút tin tự hết hạn. / Not sent: no service runs (`motcua run`), or the "
                "channel is down (`motcua routes list`, `motcua check`). It expires in 10 minutes."
            )
        return state in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


def _scheme(plan: app.Plan, channel: str) -> str:
    """Which addresses a channel or a route reaches."""
    schemes = {each.name: app.CHANNELS[each.kind].scheme for each in plan.channels}
    schemes |= dict.fromkeys(plan.config.routes, "sms")
    if channel not in schemes:
        raise ConfigError(f"[channels.{channel}] không có kênh này / no such channel{nearest(channel, schemes)}")
    return schemes[channel]


def _place(plan: app.Plan, channel: str, address: Address) -> tuple[str, str]:
    """(route, queue): of a route as its own messages go, of a channel the channel alone."""
    route = next((each for each in app.routes_of(plan) if each.name == channel), None)
    return (route.name, route.queue(hinted(address.value))) if route else ("", channel)


def _address(scheme: str, to: str) -> Address:
    if scheme != "sms":
        return Address(scheme, to)
    phone = parse_phone(to)
    if phone is None or phone.kind != "mobile":
        raise ConfigError(f"“{to}” không phải số di động Việt Nam / is not a Vietnamese mobile number")
    return Address(scheme, phone.e164)


def _item(channel: str, address: Address, text: str) -> OutboxItem:
    now = utc_now()
    rendered = Catalogue.load("vi").render("push.test", {"text": text}, plain=address.scheme == "sms")
    fresh = id_maker(utc_now)()
    return OutboxItem(
        id=fresh,
        dedupe_key=f"test:{fresh}",
        origin=f"test:{fresh}",
        channel=channel,
        address=address,
        lane=Lane.REPLY,
        situation=Situation.TEST,
        text=rendered.text,
        parts=rendered.parts,
        created_at=now,
        next_at=now,
        expires_at=now + LIFETIME[Situation.TEST],
    )


async def _watch(storage: Storage, item_id: str, wait: float) -> DeliveryState:
    end = time.monotonic() + wait
    last = DeliveryState.QUEUED
    while time.monotonic() < end and last not in _ENDS:
        item = await storage.read(lambda tx: tx.outbox.get(item_id))
        if item and item.state is not last:
            last = item.state
            show.console.print(f"  {show.STATE_WORDS[last]} / {last.value} {item.reason}")
        await asyncio.sleep(_LOOK)
    return last
