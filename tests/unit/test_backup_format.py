"""The container of backups: nothing that was cut off, changed, reordered or exchanged is taken for genuine."""

import io
import struct

import pytest

from bot.backup_format import MAGIC, PIECE, BackupError, Key, Sealer, key_id_of, opened
from bot.model.errors import ConfigError

KEY = Key(bytes(range(32)))
FRAMES = [(b"M", b"{}"), (b"D", b"a" * 40), (b"D", b"b" * 40), (b"D", b""), (b"Z", b"end")]
HEADER = 64


def sealed(frames: list[tuple[bytes, bytes]] = FRAMES, key: Key = KEY) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, key)
    for kind, content in frames[:-1]:
        sealer.add(kind, content)
    sealer.end(*frames[-1])
    return file.getvalue()


def read(data: bytes, key: Key = KEY) -> list[tuple[bytes, bytes]]:
    return list(opened(io.BytesIO(data), key, "ban.saoluu"))


def cut(data: bytes) -> tuple[bytes, list[bytes]]:
    """Head, and the frames with their lengths."""
    head, rest, frames = data[:HEADER], data[HEADER:], []
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        frames.append(rest[: 4 + length])
        rest = rest[4 + length :]
    return head, frames


def test_what_is_sealed_is_read_again() -> None:
    big = [(b"D", bytes([number]) * PIECE) for number in range(3)]

    assert read(sealed()) == FRAMES
    assert read(sealed(big)) == big
    assert key_id_of(io.BytesIO(sealed())) == KEY.id


def test_two_files_of_the_same_have_nothing_in_common() -> None:
    one, other = sealed(), sealed()

    assert one[:16] == other[:16]
    assert all(a != b for a, b in zip(cut(one)[1], cut(other)[1], strict=True))
    assert b"aaaa" not in one


def test_no_end_but_the_last_is_taken_for_the_end() -> None:
    data = sealed()

    for length in range(len(data)):
        with pytest.raises(BackupError):
            read(data[:length])


def test_every_flipped_bit_is_noticed() -> None:
    data = sealed()

    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises(BackupError):
            read(bytes(changed))


def test_frames_in_another_order_are_noticed() -> None:
    head, frames = cut(sealed())
    first, second, third, fourth, last = frames

    for order in (
        [second, first, third, fourth, last],
        [first, third, second, fourth, last],
        [first, second, second, third, fourth, last],
        [first, third, fourth, last],
        [last],
        [*frames, last],
        [*frames, b"more"],
    ):
        with pytest.raises(BackupError):
            read(head + b"".join(order))


def test_frames_of_another_file_with_the_same_key_are_noticed() -> None:
    (head, frames), (other_head, others) = cut(sealed()), cut(sealed())

    for data in (head + b"".join([frames[0], others[1], *frames[2:]]), other_head + b"".join(frames)):
        with pytest.raises(BackupError):
            read(data)


def test_a_wrong_key_is_told_from_a_damaged_file() -> None:
    with pytest.raises(BackupError, match=f"was sealed with the key {KEY.id}, yours is"):
        read(sealed(), Key.new())
    with pytest.raises(BackupError, match="its head was changed"):
        read(sealed()[:20] + b"x" * 32 + sealed()[52:])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no backup"),
        (b"SQLite format 3\0" * 10, "is no backup"),
        (MAGIC[:-1] + b"2" + bytes(100), "by a newer program"),
        (MAGIC + bytes(10), "is cut off"),
    ],
)
def test_a_foreign_file_is_named_so(data: bytes, said: str) -> None:
    with pytest.raises(BackupError, match=said):
        read(data)


def test_an_absurd_length_takes_no_memory() -> None:
    with pytest.raises(BackupError, match="is damaged"):
        read(sealed()[:HEADER] + b"\xff\xff\xff\xff")


def test_a_key_is_read_however_it_was_typed() -> None:
    key = Key.new()

    assert Key.read(key.text) == key
    assert Key.read(f"\n {key.text.replace(' ', '', 0)}\n") == key
    assert Key.read(f"motcua-backup-1 {''.join(key.text.split()[1:]).lower()}") == key
    assert key.text.split()[1] not in repr(key)


def test_a_mistyped_key_is_noticed_and_not_quoted() -> None:
    text = KEY.text
    letters = text.split(" ", 1)[1]

    for place in range(len(letters)):
        if letters[place] == " ":
            continue
        other = "A" if letters[place] != "A" else "B"
        with pytest.raises(ConfigError) as refused:
            Key.read(f"motcua-backup-1 {letters[:place]}{other}{letters[place + 1 :]}")
        assert letters[:4] not in str(refused.value)
    for wrong in ("", "abc", text[:-5], letters, f"{text} AAAA"):
        with pytest.raises(ConfigError):
            Key.read(wrong)
