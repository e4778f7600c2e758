"""Hosts on this machine, each with a network of its own, and between them a wire that can be slow, lossy or cut.

A host is a network namespace with one TUN device. Its IP packets come to us, and we carry them: so the TCP on both
sides is the kernel's own, with its real retransmissions, and a cut wire sends no word to anybody.
"""

import asyncio
import fcntl
import itertools
import os
import random
import socket
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos.surroundings import enter

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x4004_54CA, 0x0001, 0x1000
_DEVICE = "wire0"
_QUEUE = "2000"
"""Packets that wait in the kernel for us; more are lost, as on a real wire."""
_PACKET = 65_536
_AT_A_TIME = 64
_numbers = itertools.count(1)


@dataclass(slots=True)
class Wire:
    """How packets go from one host to another. One direction."""

    delay: float = 0.0
    """Seconds."""
    jitter: float = 0.0
    """Up to so many seconds more, by chance; a packet never overtakes another one."""
    loss: float = 0.0
    """Share of the packets."""
    is_cut: bool = False
    free_at: float = 0.0


@dataclass(slots=True)
class Host:
    """A namespace, its address and its end of the wire."""

    name: str
    namespace: str
    address: str
    wire: int
    """File descriptor of the TUN device."""

    @property
    def within(self) -> Sequence[str]:
        """What stands before a command that is to run there."""
        return ("ip", "netns", "exec", self.namespace)


@dataclass
class Bridge:
    """Carries packets while its block is open."""

    hosts: dict[str, Host]
    chance: random.Random
    carried: Counter[str] = field(default_factory=Counter)
    """What became of the packets: `carried`, `lost`, `cut`, `strange`."""
    _wires: dict[tuple[str, str], Wire] = field(default_factory=dict)

    def spoil(self, one: str, other: str, *, delay: float = 0.0, jitter: float = 0.0, loss: float = 0.0) -> None:
        """From now on the wire between two hosts is so, both ways."""
        for wire in self._both(one, other):
            wire.delay, wire.jitter, wire.loss = delay, jitter, loss

    def cut(self, one: str, other: str) -> None:
        """Nothing goes through any more, and nobody is told."""
        for wire in self._both(one, other):
            wire.is_cut = True

    def mend(self, one: str, other: str) -> None:
        for wire in self._both(one, other):
            wire.is_cut, wire.delay, wire.jitter, wire.loss = False, 0.0, 0.0, 0.0

    def _both(self, one: str, other: str) -> tuple[Wire, Wire]:
        a, b = self.hosts[one].address, self.hosts[other].address
        return self._wire(a, b), self._wire(b, a)

    def _wire(self, source: str, destination: str) -> Wire:
        return self._wires.setdefault((source, destination), Wire())

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        for host in self.hosts.values():
            loop.add_reader(host.wire, self._take, host.wire)

    def stop(self) -> None:
        loop = asyncio.get_running_loop()
        for host in self.hosts.values():
            loop.remove_reader(host.wire)
            os.close(host.wire)

    def _take(self, wire: int) -> None:
        for _ in range(_AT_A_TIME):
            try:
                packet = os.read(wire, _PACKET)
            except BlockingIOError:
                return
            self._carry(packet)

    def _carry(self, packet: bytes) -> None:
        if packet[0] >> 4 != 4:
            self.carried["strange"] += 1
            return
        source, destination = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        reached = next((host for host in self.hosts.values() if host.address == destination), None)
        wire = self._wire(source, destination)
        if reached is None:
            self.carried["strange"] += 1
        elif wire.is_cut:
            self.carried["cut"] += 1
        elif wire.loss and self.chance.random() < wire.loss:
            self.carried["lost"] += 1
        elif wire.delay or wire.jitter:
            loop = asyncio.get_running_loop()
            due = loop.time() + wire.delay + self.chance.random() * wire.jitter
            wire.free_at = max(due, wire.free_at)
            loop.call_at(wire.free_at, self._arrive, wire, reached, packet)
        else:
            self._arrive(wire, reached, packet)

    def _arrive(self, wire: Wire, reached: Host, packet: bytes) -> None:
        if wire.is_cut:  # while it was on its way
            self.carried["cut"] += 1
            return
        try:
            os.write(reached.wire, packet)
        except OSError:  # the host takes no more, or is gone
            self.carried["lost"] += 1
        else:
            self.carried["carried"] += 1


@asynccontextmanager
async def bridge(*names: str, seed: int = 2026) -> AsyncIterator[Bridge]:
    """Hosts of these names, joined."""
    network = f"mc{os.getpid()}x{next(_numbers)}"
    hosts: dict[str, Host] = {}
    try:
        for number, name in enumerate(names, 1):
            namespace = f"{network}{name}"
            _ip("netns", "add", namespace)
            hosts[name] = Host(name, namespace, f"10.77.0.{number}", -1)
            hosts[name].wire = _plug(namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "addr", "add", f"{hosts[name].address}/24", "dev", _DEVICE)
            _ip("-n", namespace, "link", "set", _DEVICE, "txqueuelen", _QUEUE, "up")
        made = Bridge(hosts, random.Random(seed))
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        for host in hosts.values():
            _ip("netns", "del", host.namespace)


def needs_namespaces() -> None:
    """Skips the test on a machine where namespaces cannot be made; fails it there with CI set."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/dev/net/tun").exists():
        return
    reason = "no network of our own can be made here (root and /dev/net/tun are needed): partitions were NOT tested"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _plug(namespace: str) -> int:
    """A TUN device in the namespace; its other end, which stays with us wherever we are."""
    found: list[int] = []

    def make() -> None:
        enter(namespace)
        wire = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(wire, _TUNSETIFF, struct.pack("16sH22x", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
        found.append(wire)

    _in_thread(make)
    if not found:
        raise OSError(f"no TUN device could be made in {namespace}")
    return found[0]


def _in_thread(act: Callable[[], None]) -> None:
    """A namespace is a thread's: this one's own must not change."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
