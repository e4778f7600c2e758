"""A parent that has everything imported and no event loop: it forks processes of the service, so that a kill costs a
tenth of a second and not the start of an interpreter.

`python -m tests.chaos.zygote` reads orders as JSON lines and says, also as JSON lines, who was born and who died:
`{"slot", "log", "roles", "config", "sheet", "steps"}` serves, `{"slot", "log", "simulate", "table"}` is a simulator,
`{"kill": PID}` kills. When its input ends, all its children die with it.
"""

import asyncio
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

import bot.app
from tests.chaos.mortal import live
from tests.chaos.surroundings import move_in

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


def main() -> None:
    gc.collect()
    gc.freeze()
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(waker.fileno())
    children: dict[int, str] = {}
    waiting = b""
    while True:
        readable, _, _ = select.select([sys.stdin.fileno(), woken], [], [])
        if woken in readable:
            woken.recv(4096)
            bury(children)
        if sys.stdin.fileno() in readable:
            read = os.read(sys.stdin.fileno(), 65536)
            if not read:
                break
            *lines, waiting = (waiting + read).split(b"\n")
            for line in lines:
                obey(json.loads(line), children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def obey(order: dict[str, Any], children: dict[int, str]) -> None:
    if pid := order.get("kill"):
        if pid in children:
            os.kill(pid, signal.SIGKILL)
        return
    pid = os.fork()
    if pid == 0:
        child(order)
    children[pid] = order["slot"]
    say({"event": "born", "slot": order["slot"], "pid": pid})


def bury(children: dict[int, str]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        signal_number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        say({"event": "died", "slot": children.pop(pid, ""), "pid": pid, "signal": signal_number})


def say(event: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), json.dumps(event).encode() + b"\n")


def child(order: dict[str, Any]) -> None:
    """Never returns."""
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        move_in(order)
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if "simulate" in order:
            asyncio.run(bot.app.simulate(order["simulate"], order["table"], lambda: None))
        else:
            live(order)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(f"{Path(sys.argv[0]).name} takes no arguments")
    main()
