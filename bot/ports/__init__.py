"""What the service needs from the outside: channels, sources, and a database, as Protocols."""

from bot.ports.channels import Channel, Deliver, Feed, Limits, Listener, Sender, Webhook, WebhookRequest, WebhookResult
from bot.ports.mirroring import (
    DossierStore,
    Failure,
    Known,
    LateEvent,
    Mirrored,
    Reconciliation,
    ReconciliationStore,
    SourceState,
    SourceStore,
    Stale,
)
from bot.ports.sending import Claimed, Matched, Moved, OutboxStore, Settlement, Standing
from bot.ports.sources import Accept, Applied, Batch, DossierSource, Push, PushAnswer, Quarantined, Source
from bot.ports.storage import ConversationState, ConversationStore, LeaseStore, Storage, Transaction

__all__ = [
    "Accept",
    "Applied",
    "Batch",
    "Channel",
    "Claimed",
    "ConversationState",
    "ConversationStore",
    "Deliver",
    "DossierSource",
    "DossierStore",
    "Failure",
    "Feed",
    "Known",
    "LateEvent",
    "LeaseStore",
    "Limits",
    "Listener",
    "Matched",
    "Mirrored",
    "Moved",
    "OutboxStore",
    "Push",
    "PushAnswer",
    "Quarantined",
    "Reconciliation",
    "ReconciliationStore",
    "Sender",
    "Settlement",
    "Source",
    "SourceState",
    "SourceStore",
    "Stale",
    "Standing",
    "Storage",
    "Transaction",
    "Webhook",
    "WebhookRequest",
    "WebhookResult",
]
