"""Whether a message is the reply that a script expects."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.model.sms import segment, unaccented
from tests.scripts.people import Citizen, Seen
from tests.scripts.reading import Reply


def differences(reader: Citizen, reply: Reply, message: Seen, words: Mapping[str, str]) -> Iterator[str]:
    """What is otherwise than expected, each as a sentence; nothing where all is well."""
    text = on_one_line(message.text)
    plain = unaccented if reader.is_sms else str
    wanted = reply.sms if reader.is_sms and reply.sms is not None else reply.has
    if missing := [each for each in wanted if plain(each.format_map(words)) not in text]:
        yield f"missing: {missing}"
    if unwanted := [each for each in reply.lacks if plain(each.format_map(words)) in text]:
        yield f"unwanted: {unwanted}"
    if reader.is_sms:
        yield from _of_sms(message.text, reply.most_parts)
    if reply.buttons is not None:
        yield from _of_buttons(reader, filled(reply.buttons, words), message)
    if message.asks_phone != (reply.asks_phone and reader.shares_phone):
        yield "the button for the own number"
    if missing := [pattern for pattern in reply.take.values() if not re.search(pattern, text)]:
        yield f"nothing fits {missing}"


def taken(reply: Reply, message: Seen) -> dict[str, str]:
    """What is to be remembered of a message without differences."""
    found = {name: re.search(pattern, on_one_line(message.text)) for name, pattern in reply.take.items()}
    return {name: match[1] for name, match in found.items() if match}


def filled(texts: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(text.format_map(words) for text in texts)


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def _of_sms(text: str, most_parts: int) -> Iterator[str]:
    parts = segment(text).parts
    if len(parts) > most_parts:
        yield f"an SMS of {len(parts)} parts"
    if text != unaccented(text):
        yield "an SMS with accents"


def _of_buttons(reader: Citizen, labels: Sequence[str], message: Seen) -> Iterator[str]:
    if reader.has_buttons:
        if message.buttons != labels:
            yield f"the buttons {labels} are expected"
    elif not reader.is_sms:
        lines = [f"{number}. {label}" for number, label in enumerate(labels, 1)]
        if missing := [line for line in lines if line not in message.text]:
            yield f"the lines {missing} are missing"
