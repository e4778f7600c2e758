"""Flow 2: what a citizen wrote → replies; one conversation for every chat and SMS, one transaction each."""

from bot.conversation.handling import Conversation
from bot.conversation.turn import Manner

__all__ = ["Conversation", "Manner"]
