"""What is wrong with the service, as far as its readings tell."""

from bot import looks, sending_looks
from bot.alarms import AlarmName, Cause
from bot.readings import Readings, Rules

LOOKED = frozenset(AlarmName) - {AlarmName.DATABASE}
"""What `judged` looks for."""

_LOOKS = (
    looks.ledger,
    looks.unsent,
    looks.jobs,
    looks.unheld,
    looks.sources,
    looks.erasures,
    looks.restored,
    sending_looks.receipts,
    sending_looks.failures,
    sending_looks.speed,
)


def judged(readings: Readings, rules: Rules) -> list[Cause]:
    """Everything that is wrong: the reasons for an alarm first, then what is merely shown. Each cause once."""
    found = {cause.key: cause for look in _LOOKS for cause in look(readings, rules)}
    return sorted(found.values(), key=lambda cause: cause.is_warning)
