"""Whether a database and a ring of keys belong together; asked before anything is read or written, and again and again.

A database is sealed from its birth, where a ring is configured when it is empty; or by `motcua keys seal`, while nobody
works on it. From then on its ledger of migrations bears `storage.migrate.SEALED`, which programs that know of no seal
refuse as that of a newer one: they would send what is sealed to citizens as it stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.model.errors import StorageError
from storage.sealing.ring import DATA, LOOK_UP
from storage.sealing.seal import Seal

TURN, WALK = "turn", "walk"
_PROOF = "motcua"
"""What is known to be sealed."""
_PROOF_KIND = "proof"
STATE = "SELECT kind, name, proof FROM sealing"


@dataclass(frozen=True, slots=True)
class State:
    """What the database says of its keys."""

    look_up: str = ""
    """The look-up key of its tokens; empty: it is not sealed."""
    turns_to: str = ""
    """The look-up key to which its rows are being turned; empty: they are not."""
    proofs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Kind and name of each key that was ever used → what was sealed under it."""


def state_of(rows: Iterable[Iterable[str]]) -> State:
    """From the answer to `STATE`."""
    proofs: dict[tuple[str, str], str] = {}
    look_up = turns_to = ""
    for kind, name, proof in rows:
        if kind == TURN:
            turns_to = name
        if kind == LOOK_UP:
            look_up = name
        if kind in (LOOK_UP, DATA):
            proofs[kind, name] = proof
    return State(look_up, turns_to, proofs)


def proof_of(seal: Seal, kind: str) -> str:
    """Of the key in use."""
    return seal.token(_PROOF) if kind == LOOK_UP else seal.free(_PROOF_KIND, _PROOF)


def verify(seal: Seal | None, state: State, database: str) -> None:
    """Raises `StorageError` where nothing may be read or written."""
    if seal is None:
        if state.look_up or state.turns_to:
            raise StorageError(
                f"{database}: dữ liệu đã niêm phong mà [storage] keys chưa đặt / the data is sealed, and [storage] "
                "keys is not set"
            )
        return
    if state.turns_to:
        raise StorageError(
            f"{database}: việc niêm phong lại chưa xong, xin chạy tiếp `motcua keys seal` / is being sealed: run "
            "`motcua keys seal` to its end"
        )
    if not state.look_up:
        raise StorageError(
            f"{database}: [storage] keys đã đặt mà dữ liệu chưa niêm phong: xin dừng dịch vụ rồi chạy "
            "`motcua keys seal` / holds data that is not sealed: stop the service and run `motcua keys seal`"
        )
    if any(name not in _keys(seal, kind) for kind, name in state.proofs):
        # Another process may have begun to use a new one.
        seal.refresh()
    for (kind, name), proof in state.proofs.items():
        _verify_key(seal, kind, name, proof, database)
    if seal.ring.look_up != state.look_up:
        raise StorageError(
            f"{database}: chùm khóa có khóa look-up mới {seal.ring.look_up}: xin dừng dịch vụ rồi chạy "
            "`motcua keys seal` / the ring has a new look-up key: stop the service and run `motcua keys seal`"
        )


def verify_keys(seal: Seal, state: State, database: str) -> None:
    """The same of the keys alone, for who turns the rows. Raises `StorageError`."""
    for (kind, name), proof in state.proofs.items():
        _verify_key(seal, kind, name, proof, database)


def _verify_key(seal: Seal, kind: str, name: str, proof: str, database: str) -> None:
    if name not in _keys(seal, kind):
        raise StorageError(
            f"{database}: chùm khóa [storage] keys thiếu khóa {kind} {name} / the ring of [storage] keys lacks it"
        )
    opened = seal.open_token(proof) if kind == LOOK_UP else seal.open_free(_PROOF_KIND, proof)
    if opened != _PROOF:
        raise StorageError(f"{database}: khóa {kind} {name} không đúng / is not the key that was used")


def _keys(seal: Seal, kind: str) -> Mapping[str, bytes]:
    return seal.ring.look_ups if kind == LOOK_UP else seal.ring.data
