"""The judge: what the providers and the one-stop software say, against what the service's books say. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape

from tests.chaos.evidence import Evidence, Planned

_GONE = {"accepted", "delivered"}
"""Said to have reached the provider."""
_STAYED = {"superseded", "suppressed", "cancelled"}
"""Said to have been kept here on purpose."""
_WAITING = {"queued", "sending", "held"}
_NAMED = 20
_TAG = re.compile(r"</?[a-z]+>")


@dataclass
class Verdict:
    """What came of the run. Empty lists are promises kept."""

    planned: int = 0
    sent: int = 0
    """Messages that a provider took."""
    uncertain: int = 0
    """Listed: may or may not have arrived; not sent again."""
    uncertain_arrived: int = 0
    """Of them: a provider has it."""
    resolved: int = 0
    """Were uncertain for a while, until a receipt told."""
    states: dict[str, int] = field(default_factory=dict)
    events: int = 0
    asked: int = 0
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unplanned: list[str] = field(default_factory=list)
    """Events without their one message."""
    contradicted: list[str] = field(default_factory=list)
    """The books say one thing, the provider's log another."""
    unanswered: list[str] = field(default_factory=list)
    answered_twice: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    @property
    def broken(self) -> dict[str, list[str]]:
        promises = ("doubled", "lost", "unplanned", "contradicted", "unanswered", "answered_twice", "unbalanced")
        return {name: getattr(self, name) for name in promises if getattr(self, name)}


def judge(evidence: Evidence) -> Verdict:
    verdict = Verdict(
        planned=len(evidence.outbox),
        states=dict(Counter(each.state for each in evidence.outbox)),
        events=sum(evidence.events.values()),
        asked=sum(evidence.asked.values()),
    )
    seen_by_centre = Counter(our_id for our_id, _ in evidence.submits)
    verdict.resolved = sum(each.id in evidence.once_uncertain and each.state in _GONE for each in evidence.outbox)
    _judge_messages(evidence, seen_by_centre, verdict)
    _judge_chats(evidence, verdict)
    verdict.doubled += [f"{_short(our_id)} part {part}: {times} times at the centre"
                        for (our_id, part), times in evidence.submits.items() if times > 1]  # fmt: skip
    known = {each.id for each in evidence.outbox}
    verdict.contradicted += [f"{_short(each)} at the centre is in no book" for each in seen_by_centre.keys() - known]
    _judge_events(evidence, verdict)
    _judge_questions(evidence, verdict)
    if not evidence.is_balanced:
        verdict.unbalanced.append(f"the ledger does not balance: {evidence.ledger}")
    return verdict


def _judge_messages(evidence: Evidence, seen: Counter[str], verdict: Verdict) -> None:
    """Each message is in one state, and for each that went by SMS the centre says the same; `seen` are the parts that
    it took, by our id."""
    for each in evidence.outbox:
        where = f"{_short(each.id)} ({each.situation}, {each.state}: {each.reason})"
        if each.state in _WAITING:
            verdict.lost.append(f"{where} still waits")
        elif each.state == "uncertain":
            verdict.uncertain += 1
        elif each.state not in _GONE and not each.reason:
            verdict.lost.append(f"{where} ended without a reason")
        if not each.address.startswith("sms:"):
            continue
        is_seen = each.id in seen
        verdict.sent += is_seen
        verdict.uncertain_arrived += is_seen and each.state == "uncertain"
        if each.state in _GONE and seen[each.id] < each.parts:
            verdict.lost.append(f"{where} was never wholly at the centre")
        elif each.state in _STAYED and is_seen:
            verdict.contradicted.append(f"{where} is at the centre")


def _judge_chats(evidence: Evidence, verdict: Verdict) -> None:
    """A chat's messages have no id of ours at Telegram: they are counted by chat and text."""
    ours: defaultdict[tuple[str, str, str], list[Planned]] = defaultdict(list)
    for each in evidence.outbox:
        scheme, _, chat = each.address.partition(":")
        if scheme == "telegram":
            ours[each.channel, chat, _plain(each.text)].append(each)
    taken: Counter[tuple[str, str, str]] = Counter()
    for (channel, chat, text), times in evidence.chats.items():
        taken[channel, chat, _plain(text)] += times
    for key in {*ours, *taken}:
        gone = sum(each.state in _GONE for each in ours[key])
        open_ones = sum(each.state == "uncertain" for each in ours[key])
        verdict.sent += taken[key]
        verdict.uncertain_arrived += min(open_ones, max(0, taken[key] - gone))
        if taken[key] > gone + open_ones:
            verdict.doubled.append(f"{key[0]} chat {key[1]}: {taken[key]} times, {gone} said to be sent")
        elif taken[key] < gone:
            verdict.lost.append(f"{key[0]} chat {key[1]}: {taken[key]} times, {gone} said to be sent")


def _judge_events(evidence: Evidence, verdict: Verdict) -> None:
    """One message for each step of each dossier, for each recipient of a broadcast, for each call of the API."""
    origins: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    by_origin: defaultdict[str, list[str]] = defaultdict(list)
    for each in evidence.outbox:
        if each.origin.startswith("change:"):
            origins[each.source, each.code].append(each.origin)
        by_origin[each.origin.split(":")[0]].append(each.address)
    for dossier, steps in evidence.events.items():
        verdict.unplanned += _counted(f"dossier {dossier[1]} ({dossier[0]})", len(origins[dossier]), steps)
        verdict.unplanned += [f"{origin} planned twice" for origin in _twice(origins[dossier])]
    verdict.unplanned += [f"dossier {code} is in no book" for _, code in origins.keys() - evidence.events.keys()]
    for broadcast, phones in evidence.broadcasts.items():
        told = Counter(each.address for each in evidence.outbox if each.origin.startswith(f"broadcast:{broadcast}:"))
        for phone in phones:
            verdict.unplanned += _counted(f"broadcast {broadcast} to a phone", told[f"sms:{phone}"], 1)
    api = Counter(by_origin["api"])
    for key, phone in evidence.api.items():
        verdict.unplanned += _counted(f"call {key} of the API", api[f"sms:{phone}"], 1)
    noted = Counter(evidence.noted)
    for code in evidence.due:
        verdict.unplanned += _counted(f"the deadline of {code}", noted[code], 1)


def _judge_questions(evidence: Evidence, verdict: Verdict) -> None:
    """What a provider knows that we have is answered once; what it does not know, at most once."""
    replies: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in evidence.outbox:
        if each.origin.startswith("inbound:"):
            replies[each.channel, each.address.partition(":")[2]].add(each.origin)
    for key, times in evidence.asked.items():
        answers = len(replies[key])
        if answers > times or evidence.heard.get(key, 0) > times:
            verdict.answered_twice.append(f"{key[0]}: asked {times} times, heard {evidence.heard.get(key, 0)}, "
                                          f"answered {answers}")  # fmt: skip
        elif answers < times and key not in evidence.unconfirmed:
            verdict.unanswered.append(f"{key[0]}: asked {times} times, answered {answers}")


def _counted(what: str, found: int, wanted: int) -> list[str]:
    return [] if found == wanted else [f"{what}: {wanted} wanted, {found} planned"]


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _short(our_id: str) -> str:
    return our_id[-8:]


def _plain(text: str) -> str:
    """Telegram is given HTML, or the text itself."""
    return " ".join(unescape(_TAG.sub("", text)).split())


def told(verdict: Verdict, promise: str, lines: Sequence[str]) -> str:
    """A broken promise for people: how often, and the first of it."""
    shown = "\n".join(f"    {line}" for line in lines[:_NAMED])
    more = f"\n    … and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    return f"  {promise} ({len(lines)}):\n{shown}{more}"
