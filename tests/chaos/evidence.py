"""Gathers what each side says at the end: the office's book, the providers' logs, the ledger, the outbox."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.ledger import balance
from bot.ports import Storage
from tests.chaos.books import Books, lines_of
from tests.chaos.house import House
from tests.chaos.load import Done
from tests.chaos.office import Office


@dataclass(frozen=True, slots=True)
class Planned:
    """A message in the outbox at the end."""

    id: str
    origin: str
    channel: str
    address: str
    situation: str
    text: str
    code: str
    source: str
    state: str
    reason: str
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the judge hears. What providers say is theirs alone: nothing of ours wrote it."""

    events: Mapping[tuple[str, str], int]
    """(source, code) → how many steps the office has told."""
    outbox: Sequence[Planned]
    submits: Mapping[tuple[str, str], int]
    """(our id, part) → how often the centre took it."""
    chats: Mapping[tuple[str, str, str], int]
    """(channel, chat, text) → how often Telegram took it."""
    asked: Mapping[tuple[str, str], int]
    """(channel, sender) → messages that the provider handed over, as it says itself."""
    unconfirmed: frozenset[tuple[str, str]] = frozenset()
    """Those of them of which the provider never heard that we have them."""
    heard: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(channel, sender) → messages that the service has taken."""
    broadcasts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Broadcast → phones that are to get it."""
    api: Mapping[str, str] = field(default_factory=dict)
    """What was accepted over the API: key → phone, each phone once."""
    noted: Sequence[str] = ()
    """Codes whose deadline the watch has noted, one an entry."""
    due: Sequence[str] = ()
    """Codes whose deadline must have been noted."""
    once_uncertain: frozenset[str] = frozenset()
    """Messages that were seen uncertain at some time."""
    is_balanced: bool = True
    ledger: str = ""
    """What the ledger says, for people."""


async def gather(house: House, office: Office, done: Done, storage: Storage, books: Books) -> Evidence:
    centre = lines_of(house.smsc_log)
    ledger = await balance(storage)
    asked, unconfirmed = _asked_by_sms(centre)
    chats: Counter[tuple[str, str, str]] = Counter()
    for channel in ("telegram", "hook"):
        chats.update(_chats(house, channel))
    for question in done.questions:
        if question.channel != "sms":
            asked[question.channel, question.sender] += 1
    states = {state.value: number for state, number in ledger.states.items() if number}
    return Evidence(
        events={(each.source, each.code): len(each.steps) for each in office.book.values()},
        outbox=await _outbox(books),
        submits=_submits(centre),
        chats=chats,
        asked=asked,
        unconfirmed=unconfirmed,
        heard=await _heard(books),
        broadcasts=done.broadcasts,
        api=done.api,
        noted=[code for (code,) in await books.rows("SELECT code FROM deadline_notes WHERE stage = 'hours'")],
        due=done.due,
        once_uncertain=frozenset(done.uncertain),
        is_balanced=ledger.balanced,
        ledger=json.dumps({"planned": ledger.planned, "states": states, "fateless": ledger.fateless,
                           "unanswered": ledger.unanswered, "askew": len(ledger.imbalances)}),
    )  # fmt: skip


async def _outbox(books: Books) -> list[Planned]:
    query = "SELECT id, origin, channel, address, situation, text, code, source, state, reason, parts FROM outbox"
    return [Planned(*row) for row in await books.rows(query)]


async def _heard(books: Books) -> Counter[tuple[str, str]]:
    heard: Counter[tuple[str, str]] = Counter()
    for channel, address in await books.rows("SELECT channel, address FROM inbound"):
        heard[channel, address.partition(":")[2]] += 1
    return heard


def _submits(centre: Sequence[dict[str, object]]) -> Counter[tuple[str, str]]:
    taken = [line for line in centre if line["event"] == "submit" and line["message_id"]]
    return Counter((str(line["reference"]), str(line["udh"] or "")[-2:] or "whole") for line in taken)


def _asked_by_sms(centre: Sequence[dict[str, object]]) -> tuple[Counter[tuple[str, str]], frozenset[tuple[str, str]]]:
    written = {str(line["message_id"]): str(line["from"]) for line in centre if line["event"] == "mo"}
    taken = {str(line["message_id"]) for line in centre if line["event"] == "mo_taken"}
    asked = Counter(("sms", sender) for sender in written.values())
    return asked, frozenset(("sms", sender) for each, sender in written.items() if each not in taken)


def _chats(house: House, channel: str) -> Counter[tuple[str, str, str]]:
    """What Telegram took, by its own log."""
    found: Counter[tuple[str, str, str]] = Counter()
    for line in lines_of(house.telegram_log(channel)):
        if line["method"].lower() == "sendmessage" and line["status"] == 200:
            given = line["given"]
            found[channel, str(given["chat_id"]), str(given["text"])] += 1
    return found
