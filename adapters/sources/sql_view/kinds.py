"""The databases that can be read: their drivers, and what each is told so that our reading stays light and harmless."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLIENT = "motcua-bot"
"""The name under which the vendor's administrator sees us among the sessions."""
_SPARE = 5
"""Seconds that the driver waits longer than the server, whose own message says more."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A make of database, named in the address before `://`."""

    name: str
    driver: str
    """SQLAlchemy's word for the database and its driver."""
    library: str
    """What has to be installed, as Python imports it; empty: nothing."""
    extra: str
    folds: bool = False
    """Names without quotation marks are kept in one case, so that `V_HoSo` is `v_hoso`."""
    interrupt: str = ""
    """The method of the driver's connection that ends a statement from another thread; empty: there is none."""

    @property
    def word(self) -> str:
        """The driver alone, as it may stand in an address after a plus sign."""
        return self.driver.partition("+")[2]


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("postgresql", "postgresql+psycopg", "psycopg", "postgresql", folds=True, interrupt="cancel_safe"),
        Kind("mysql", "mysql+pymysql", "pymysql", "mysql"),
        Kind("mariadb", "mariadb+pymysql", "pymysql", "mysql"),
        Kind("mssql", "mssql+pymssql", "pymssql", "mssql"),
        Kind("oracle", "oracle+oracledb", "oracledb", "oracle", folds=True, interrupt="cancel"),
        Kind("sqlite", "sqlite+pysqlite", "", "postgresql", interrupt="interrupt"),
    )
}


def connect_arguments(kind: Kind, *, timeout: float, connect_timeout: float) -> dict[str, Any]:
    """What the driver is told when it connects; seconds. Every wait on the network has an end."""
    connect, wait = max(2, round(connect_timeout)), round(timeout) + _SPARE
    match kind.name:
        case "postgresql":
            return {
                "application_name": CLIENT,
                "connect_timeout": connect,
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "tcp_user_timeout": wait * 1_000,
            }
        case "mysql" | "mariadb":
            return {
                "program_name": CLIENT,
                "connect_timeout": connect,
                "read_timeout": wait,
                "write_timeout": wait,
                "charset": "utf8mb4",
            }
        case "mssql":
            return {"appname": CLIENT, "login_timeout": connect, "timeout": wait, "charset": "UTF-8"}
        case "oracle":
            return {"tcp_connect_timeout": float(connect), "program": CLIENT}
        case _:
            return {"timeout": connect_timeout, "check_same_thread": False}


def preamble(
    kind: Kind, *, timeout: float, utc_offset: float, mariadb: bool = False, version: tuple[int, ...] = ()
) -> tuple[str, ...]:
    """What is said at the beginning of each short transaction, before its one query.

    Nothing here changes the vendor's data or outlasts the session. SQL Server knows no read-only session: there the
    account itself must have no more than SELECT, and every transaction ends in a rollback.
    """
    millis = max(1, round(timeout * 1_000))
    match kind.name:
        case "postgresql":
            return (f"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {millis}",)
        case "mysql" | "mariadb":
            return (
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
                f"SET SESSION time_zone = '{_zone(utc_offset)}'",
                *_mysql_limit(millis, mariadb=mariadb, version=version),
            )
        case "mssql":
            return (
                f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT {millis}; SET DEADLOCK_PRIORITY LOW",
            )
        case "oracle":
            return (f"ALTER SESSION SET TIME_ZONE = '{_zone(utc_offset)}'", "SET TRANSACTION READ ONLY")
        case _:
            return ("PRAGMA query_only = ON",)


def _mysql_limit(millis: int, *, mariadb: bool, version: tuple[int, ...]) -> tuple[str, ...]:
    """Older servers know no limit; there the driver's own ends the wait."""
    if mariadb:
        return (f"SET SESSION max_statement_time = {millis / 1_000}",) if version >= (10, 1, 1) else ()
    return (f"SET SESSION max_execution_time = {millis}",) if version >= (5, 7, 8) else ()


def _zone(utc_offset: float) -> str:
    minutes = round(abs(utc_offset) * 60)
    return f"{'-' if utc_offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
