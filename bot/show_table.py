"""Tables at the terminal, in which nothing is cut off: a number that a clerk must type goes on in the next line."""

from typing import Any

from rich import table


class Table(table.Table):
    """As `rich.table.Table`, whose columns would rather end a long word in `…` where the window is narrow."""

    def add_column(self, *args: Any, **settings: Any) -> None:
        """As there."""
        super().add_column(*args, **{"overflow": "fold", **settings})
