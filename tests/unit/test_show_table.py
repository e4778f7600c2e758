"""Tables at the terminal: whole, however narrow the window is."""

from io import StringIO

from rich.console import Console

from bot.show_table import Table


def test_a_long_number_goes_on_in_the_next_line_of_a_narrow_window() -> None:
    table = Table("Số\nnumber", "Nhận lúc\nreceived at")
    table.add_row("PA-261124-0001", "03:11 24/11/2026")
    paper = StringIO()

    Console(file=paper, width=24).print(table)

    said = paper.getvalue()
    assert "…" not in said
    cells = [line.split("│")[1].strip() for line in said.splitlines() if line.startswith("│")]
    assert "".join(cells) == "PA-261124-0001"
