"""The adapter guide says what is so: its example is a source like any other, its commands and settings exist."""

import ast
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main

import adapters.sources
import tests.contract
from adapters.records.settings import ObjectSettings
from adapters.registry import SOURCES, SourceKind
from bot import cli
from bot.model.course import SupplementClock
from bot.model.dossier import Status
from bot.model.errors import SourceError
from bot.ports import Storage
from tests.contract import test_sources as suite
from tests.support.desk import Desk, open_desk

GUIDE = Path("docs/adapters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w+)\n(.*?)^```", GUIDE)
SOURCE, REGISTRY, BENCH = (text for language, text in BLOCKS if language == "python")
REHEARSAL, JOURNAL = (text for language, text in BLOCKS if language == "toml")
(COMMANDS,) = (text for language, text in BLOCKS if language == "sh")

CONTRACT = [
    test
    for name, test in vars(suite).items()
    if name.startswith("test_") and list(inspect.signature(test).parameters) == ["office"]
]


def load(name: str, text: str, folder: Path) -> ModuleType:
    """The code as the module `name`, from a file of its own."""
    path = folder / f"{name.rpartition('.')[2]}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, ModuleType]]:
    """The example's source and bench, where the guide says that they belong."""
    folder = tmp_path_factory.mktemp("example")
    with pytest.MonkeyPatch.context() as patch:
        journal = load("adapters.sources.journal", SOURCE, folder)
        patch.setattr(adapters.sources, "journal", journal, raising=False)
        bench = load("tests.contract.bench_journal", BENCH, folder)
        patch.setattr(tests.contract, "bench_journal", bench, raising=False)
        kinds: dict[str, SourceKind] = eval(f"{{{REGISTRY}}}", {"SourceKind": SourceKind, "journal": journal})  # noqa: S307 our own guide
        for word, kind in kinds.items():
            patch.setitem(SOURCES, word, kind)
        yield journal, bench
        for module in (journal, bench):
            del sys.modules[module.__name__]


def test_the_example_is_short_and_clean(tmp_path: Path) -> None:
    (tmp_path / "journal.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "bench_journal.py").write_text(BENCH, encoding="utf-8")

    words = ["ruff", "check", "--config", "pyproject.toml", "--extend-per-file-ignores", "bench_*:S101", str(tmp_path)]
    checked = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)

    assert len(SOURCE.splitlines()) < 100
    assert checked.returncode == 0, checked.stdout


def test_the_example_imports_what_an_adapter_may() -> None:
    modules = {node.module for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.ImportFrom) and node.module}
    ours = {module for module in modules if module.split(".")[0] in ("bot", "adapters", "storage")}

    assert [each for each in ours if not re.match(r"bot\.(model|ports|settings)|adapters\.records", each)] == []


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda test: test.__name__)
async def test_the_example_keeps_the_contract(
    promise: Any, example: tuple[ModuleType, ModuleType], tmp_path: Path, sqlite_storage: Storage
) -> None:
    _, bench = example

    async with bench.bench(tmp_path / "office") as office:
        await promise(suite.an_office(office, sqlite_storage))


def test_the_contract_is_the_whole_suite() -> None:
    assert len(CONTRACT) > 8


async def test_the_example_reads_what_is_whole_and_begins_a_new_file_anew(
    example: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    journal, _ = example
    path = tmp_path / "journal.jsonl"
    first, second = (json.dumps(suite.record(number)).encode() for number in (1, 2))
    source = journal.JournalSource("office", journal.Settings(path=path, batch_lines=2))

    path.write_bytes(first + b"\n" + b"\xff{\n" + second[:50])
    begun = [batch async for batch in source.batches(None)]
    path.write_bytes(first + b"\n" + b"\xff{\n" + second + b"\n\n" + b"[" * (1 << 21) + b"\n")
    ended = [batch async for batch in source.batches(begun[-1].cursor)]
    path.unlink()
    path.write_bytes(second + b"\n")
    (anew,) = [batch async for batch in source.batches(ended[-1].cursor)]

    assert codes_of(begun) == [suite.code(1)]
    assert [(bad.place, bad.row) for batch in begun for bad in batch.quarantined] == [("journal.jsonl", 2)]
    assert codes_of(ended) == [suite.code(2)]
    assert [bad.row for batch in ended for bad in batch.quarantined] == [4, 5, 6, 7]
    assert [batch.as_of is None for batch in ended] == [True, True, False]
    assert codes_of([anew]) == [suite.code(2)]
    path.unlink()
    with pytest.raises(SourceError, match="không đọc được tệp / cannot be read"):
        await anext(source.batches(anew.cursor))


def codes_of(batches: Any) -> list[str]:
    return [dossier.code for batch in batches for dossier in batch.dossiers]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return open_desk(tmp_path, capsys, monkeypatch)


def test_the_example_is_configured_and_worked_with_like_any_other(
    desk: Desk, example: tuple[ModuleType, ModuleType]
) -> None:
    told = {**suite.record(1), "ChuHoSo": {"HoTen": "Nguyễn Thị Ánh"}, "TrangThaiHoSo": "Chờ ký số"}
    path = desk.place / "journal.jsonl"
    path.write_text(f"{json.dumps(told)}\nkhông phải JSON\n", encoding="utf-8")
    desk.configure(JOURNAL + '\n[storage]\nurl = "sqlite:motcua.db"\n')
    desk.said("migrate")

    seen = desk.said("source", "check", "office", "--show-personal")
    synced = desk.json("source", "sync", "office")
    reconciled = desk.json("source", "reconcile", "office")
    path.write_text(f"{json.dumps(told)}\n{json.dumps(suite.record(2))}\n", encoding="utf-8")
    # No single place can be read again here: the whole source is.
    retried = desk.json("quarantine", "retry", "office")

    assert "Nguyễn Thị Ánh" in seen
    assert "mã quốc gia / national code 4" in seen
    assert "office: journal.jsonl, dòng 2" in seen
    assert (synced["changed"], synced["quarantined"]) == (1, 1)
    assert reconciled["agrees"]
    assert (retried["cured"], retried["remaining"], retried["applied"]["changed"]) == (1, 0, 1)


def test_the_rehearsal_runs_as_it_is_written(desk: Desk) -> None:
    (desk.place / "rehearsal.toml").write_text(REHEARSAL, encoding="utf-8")
    (desk.place / "exports").mkdir()
    (desk.place / "exports" / "day.csv").write_text(
        "MaHoSo;TrangThaiHoSo;NgayTiepNhan;NgayHenTra;SoDienThoai\n"
        "H56.14-240823-0001;2;23/08/2024 08:00;30/08/2024 16:30;0912345678\n"
        "không phải mã;2;;;\n",
        encoding="utf-8",
    )
    os.utime(desk.place / "exports" / "day.csv", (0, 1_700_000_000))
    first, *lines = COMMANDS.splitlines()
    name, _, value = first.removeprefix("export ").partition("=")
    desk.monkeypatch.setenv(name, value)

    said = [desk.said(*line.split()[1:]) for line in lines]

    synced = [text for line, text in zip(lines, said, strict=True) if "sync" in line]
    assert "1 hồ sơ mới hoặc thay đổi" in synced[0]
    assert "0 hồ sơ mới hoặc thay đổi" in synced[1]
    assert (desk.place / "mend.csv").exists()
    assert "H56.14-240823-0001" in said[-1]


@pytest.mark.parametrize("page", ["adapters.md", "nguon.md", "hoi-thoai.md"])
def test_every_command_in_the_guides_exists(page: str) -> None:
    root: Any = typer.main.get_command(cli.cli)
    text = (Path("docs") / page).read_text(encoding="utf-8")
    named = re.findall(r"(?<![\w/.-])motcua ([a-z][a-z -]*[a-z])", text)

    for words in named:
        command, *rest = words.split()
        assert command in root.commands, words
        inner = getattr(root.commands[command], "commands", None)
        assert inner is None or rest[0] in inner, words
    assert len(named) > 10


def test_every_setting_that_sources_share_is_explained() -> None:
    missing = [name for name in ObjectSettings.model_fields if f"`{name}`" not in GUIDE]

    assert missing == []


def test_every_kind_status_and_rule_is_in_its_table() -> None:
    rows = set(re.findall(r"(?m)^\| `?(\w+)`? \|", GUIDE))

    assert {kind for kind in SOURCES if kind != "journal"} <= rows
    assert {str(int(status)) for status in Status} <= rows
    assert {str(rule) for rule in SupplementClock} <= rows


@pytest.mark.parametrize("page", ["adapters.md", "nguon.md", "push.md", "architecture.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (Path("docs") / page).read_text(encoding="utf-8")):
        assert target.startswith("https://") or (Path("docs") / target).exists(), target


def test_the_tables_of_the_guide_are_valid_toml() -> None:
    assert tomllib.loads(REHEARSAL)["sources"]["office"]["kind"] in SOURCES
    assert tomllib.loads(JOURNAL)["sources"]["office"]["kind"] == "journal"
