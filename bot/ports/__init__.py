"""What the service needs from the outside: channels, sources, and a database, as Protocols."""

from bot.ports.channels import Channel, Deliver, Feed, Limits, Listener, Sender, Webhook, WebhookRequest, WebhookResult
from bot.ports.mirroring import DossierStore, Known, SourceState, SourceStore
from bot.ports.sending import Claimed, Matched, Moved, OutboxStore, Settlement, Standing
from bot.ports.sources import Batch, DossierSource, Quarantined, Source
from bot.ports.storage import ConversationState, ConversationStore, LeaseStore, Storage, Transaction

__all__ = [
    "Batch",
    "Channel",
    "Claimed",
    "ConversationState",
    "ConversationStore",
    "Deliver",
    "DossierSource",
    "DossierStore",
    "Feed",
    "Known",
    "LeaseStore",
    "Limits",
    "Listener",
    "Matched",
    "Moved",
    "OutboxStore",
    "Quarantined",
    "Sender",
    "Settlement",
    "Source",
    "SourceState",
    "SourceStore",
    "Standing",
    "Storage",
    "Transaction",
    "Webhook",
    "WebhookRequest",
    "WebhookResult",
]
