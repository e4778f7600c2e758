"""`motcua api-key`: a key is made, listed without its secret, and revoked."""

import asyncio
import json
import re
from pathlib import Path

from typer.testing import CliRunner, Result

from bot.api_keys import ApiKeys
from bot.cli import cli
from bot.model.api import ApiKey
from bot.model.clock import utc_now
from bot.model.errors import ConfigError
from storage import open_storage

SHOWN = re.compile(r"mc_live_[a-z0-9]{16}_[A-Za-z0-9]{43}")


def run(folder: Path, *words: str) -> Result:
    config = folder / "config.toml"
    if not config.exists():
        config.write_text(
            f'[storage]\nurl = "sqlite:{folder}/motcua.db"\n[channels.sms]\nkind = "log"\n', encoding="utf-8"
        )
        CliRunner().invoke(cli, ["migrate", "--config", str(config)])
    return CliRunner().invoke(cli, ["api-key", *words, "--config", str(config)])


def opened(folder: Path, shown: str) -> ApiKey | None:
    async def look() -> ApiKey | None:
        async with open_storage(f"sqlite:{folder}/motcua.db") as storage:
            return await ApiKeys(storage, utc_now).opened(shown)

    return asyncio.run(look())


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    made = run(tmp_path, "new", "ho-tich", "--kind", "live", "--agency", "H56.14", "--right", "read", "--by", "lan")
    shown = SHOWN.search(made.output)
    assert shown, made.output

    before = opened(tmp_path, shown[0])
    listed = run(tmp_path, "list")
    revoked = run(tmp_path, "revoke", "ho-tich", "--by", "lan")
    after = opened(tmp_path, shown[0])

    assert before
    assert (before.name, before.agency, before.made_by) == ("ho-tich", "H56.14", "lan")
    assert "ho-tich" in listed.output
    assert shown[0] not in listed.output
    assert revoked.exit_code == 0
    assert after is None
    kept = json.loads(run(tmp_path, "list", "--json").output)["keys"][0]
    assert (kept["open"], kept["rights"]) == (False, ["read"])


def test_a_name_that_is_taken_or_strange_makes_no_key(tmp_path: Path) -> None:
    run(tmp_path, "new", "ho-tich")

    twice, strange, gone = (
        run(tmp_path, "new", "ho-tich"),
        run(tmp_path, "new", "Hộ Tịch"),
        run(tmp_path, "revoke", "x"),
    )

    assert all(isinstance(each.exception, ConfigError) for each in (twice, strange, gone))
