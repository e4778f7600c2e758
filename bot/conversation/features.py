"""All features of the conversation, laid together: the word of an intent, a dialogue or an event → what handles it."""

from collections.abc import Mapping

from bot.conversation import (
    binding,
    clerks,
    dossiers,
    feedback,
    leaving,
    preferences,
    questions,
    representatives,
    surveys,
)
from bot.conversation.turn import Dialogue, Feature, Handler

FEATURES: tuple[Feature, ...] = (
    dossiers.FEATURE,
    questions.FEATURE,
    binding.FEATURE,
    representatives.FEATURE,
    leaving.FEATURE,
    preferences.FEATURE,
    feedback.FEATURE,
    surveys.FEATURE,
    clerks.FEATURE,
)

INTENTS: Mapping[str, Handler] = {name: each for feature in FEATURES for name, each in feature.intents.items()}
DIALOGUES: Mapping[str, Dialogue] = {name: each for feature in FEATURES for name, each in feature.dialogues.items()}
EVENTS: Mapping[str, Handler] = {name: each for feature in FEATURES for name, each in feature.events.items()}
