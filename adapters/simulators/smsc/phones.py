"""What the citizens' phones show of an SMS centre, which hears long texts in parts."""

from collections import OrderedDict
from dataclasses import dataclass, field

from adapters.channels.sms_smpp.concatenation import Part
from adapters.simulators.phones import Phones as Whole

_UNFINISHED = 20_000


@dataclass(slots=True)
class _Long:
    pieces: dict[int, str] = field(default_factory=dict)


class Phones(Whole):
    """Parts of a long text wait for each other."""

    def __init__(self) -> None:
        super().__init__()
        self._long: OrderedDict[tuple[str, str, int, int], _Long] = OrderedDict()

    def show_part(self, number: str, sender: str, text: str, part: Part | None, *, state: str, at: float) -> None:
        """A text, or a part of one, whose fate is settled now."""
        if part is None:
            self.show(number, sender, text, state=state, at=at)
            return
        key = (number, sender, part.reference, part.total)
        long = self._long.setdefault(key, _Long())
        long.pieces[part.number] = text
        if len(long.pieces) == part.total:
            del self._long[key]
            self.show(number, sender, "".join(text for _, text in sorted(long.pieces.items())), state=state, at=at)
        elif len(self._long) > _UNFINISHED:
            self._long.popitem(last=False)
