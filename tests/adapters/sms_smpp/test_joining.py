"""Long messages of citizens, part by part."""

from datetime import datetime, timedelta

from adapters.channels.sms_smpp.codec import Place
from adapters.channels.sms_smpp.concatenation import Part
from adapters.channels.sms_smpp.joining import Joiner, Key, Long, Piece
from tests.adapters.sms_smpp.support import NOON

HOLD, PATIENCE = timedelta(seconds=5), timedelta(seconds=60)
SECOND = timedelta(seconds=1)
TEXT = "Cho tôi hỏi hồ sơ 🏡 của tôi"


def joiner() -> Joiner:
    return Joiner(hold=HOLD, patience=PATIENCE)


def key(reference: int = 1, *, sender: str = "84912345678", total: int = 2) -> Key:
    return Key(Place(1, 1, sender), "8041", reference, total)


def add(to: Joiner, number: int, octets: bytes, *, of: Key | None = None, at: datetime = NOON) -> list[Long]:
    of = of or key()
    return to.add(of, Part(of.reference, of.total, number), Piece(8, octets), lambda status: None, at)


def test_parts_in_any_order_make_the_text() -> None:
    octets = TEXT.encode("utf-16-be")
    joining = joiner()

    early = add(joining, 2, octets[39:])
    ready = add(joining, 1, octets[:39])

    assert early == []
    assert [long.text for long in ready] == [TEXT], "cut in the middle of a character"
    assert len(ready[0].release()) == 2


def test_a_part_that_comes_twice_while_it_waits_counts_once() -> None:
    joining = joiner()

    assert add(joining, 1, b"\0a") == []
    assert add(joining, 1, b"\0a") == []
    ready = add(joining, 2, b"\0b")

    assert ready[0].text == "ab"
    assert len(ready[0].release()) == 3, "each delivery is answered"


def test_a_repeated_part_of_a_whole_brings_the_whole_again() -> None:
    joining = joiner()
    add(joining, 1, b"\0a")
    first = add(joining, 2, b"\0b")[0]
    content = first.content
    first.release()

    again = add(joining, 1, b"\0a", at=NOON + 2 * SECOND)

    assert [long.content for long in again] == [content]
    assert len(again[0].release()) == 1


def test_a_reference_used_again_begins_a_new_message() -> None:
    joining = joiner()
    add(joining, 1, b"\0a")
    add(joining, 2, b"\0b")[0].release()

    assert add(joining, 1, b"\0x") == []
    ready = add(joining, 2, b"\0y")

    assert [long.text for long in ready] == ["xy"]


def test_two_citizens_with_one_reference_are_not_mixed() -> None:
    joining = joiner()
    add(joining, 1, b"\0a")

    assert add(joining, 2, b"\0b", of=key(sender="84987654321")) == []


def test_a_part_that_waited_is_refused_for_the_moment_but_kept() -> None:
    joining = joiner()
    add(joining, 1, b"\0a")

    refused, ended = joining.overdue(NOON + HOLD)
    ready = add(joining, 2, b"\0b", at=NOON + HOLD + SECOND)

    assert (len(refused), ended) == (1, [])
    assert ready[0].text == "ab"


def test_what_stays_incomplete_is_handed_on_with_its_gaps_shown() -> None:
    joining = joiner()
    add(joining, 2, b"\0b", of=key(total=3))

    refused, ended = joining.overdue(NOON + PATIENCE)

    assert refused == []
    assert [long.text for long in ended] == ["…b…"]
    assert len(ended[0].release()) == 1
    assert joining.overdue(NOON + 2 * PATIENCE) == ([], [])


def test_memory_is_bounded_and_the_oldest_gives_way() -> None:
    joining = joiner()
    for number in range(1000):
        assert add(joining, 1, b"\0a", of=key(sender=f"849{number:08d}")) == []

    gone = add(joining, 1, b"\0z", of=key(sender="84999999999"))

    assert [long.key.source.digits for long in gone] == ["84900000000"]
    assert gone[0].text == "a…"
