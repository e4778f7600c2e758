"""How a channel fares, and why its share moved, as sentences."""

import re
from collections.abc import Mapping
from typing import Any

from bot.gateways import FULL
from bot.model.percent import percentage
from bot.ports import Move
from bot.standing import GatewayStanding

# Reasons that stand in old databases have a space before the sign.
_ERRORS = re.compile(r"(\d+) ?% of (\d+) answers in (\d+) min were errors")
_SLOW = re.compile(r"(\d+) ?% of (\d+) receipts took longer than 5 min or did not come")
_FIXED = {"works again": "works_again", "it fares well again": "fares_well"}


def state_words(words: Mapping[str, Any], gateway: GatewayStanding, *, taken: int) -> tuple[str, str]:
    """The sentence, and the colour beside it."""
    if gateway.pause:
        return words["state_paused"], "warn"
    if gateway.is_sandbox:
        return words["state_sandbox"], "calm"
    if gateway.share == 0:
        return words["state_out"], "wrong"
    if gateway.complaint:
        return reason_words(words, gateway.complaint), "wrong"
    if gateway.share < FULL:
        return words["state_reduced"].format(share=percentage(gateway.share)), "warn"
    if not taken:
        return words["state_idle"], "calm"
    return words["state_well"], "good"


def move_words(words: Mapping[str, Any], move: Move) -> str:
    """Why a share moved; what a person wrote stays as it was written."""
    return reason_words(words, move.reason) if move.reason else words["no_reason"]


def reason_words(words: Mapping[str, Any], reason: str) -> str:
    """Of the watch's own reasons; others as they stand."""
    if match := _ERRORS.search(reason):
        share = percentage(int(match[1]))
        return str(words["complaint_errors"].format(percent=share, total=match[2], minutes=match[3]))
    if match := _SLOW.search(reason):
        return str(words["complaint_slow"].format(percent=percentage(int(match[1])), total=match[2]))
    return str(words[_FIXED[reason]]) if reason in _FIXED else reason
