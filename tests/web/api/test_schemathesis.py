"""Right and wrong requests, made up from the served description: no error of ours, and answers as it promises."""

import asyncio
import sys
from pathlib import Path

from bot.model.api import KeyKind
from bot.ports import Storage
from tests.web.api.rig import open_rig

EXAMPLES, SEED = 20, 20261122
LEFT_OUT = (
    # The description cannot say which phones are mobile ones, or which values a text needs.
    "positive_data_acceptance"
)


async def test_no_request_makes_it_fail_and_every_answer_is_as_described(
    sqlite_storage: Storage, tmp_path: Path
) -> None:
    async with open_rig(sqlite_storage, sends=False, api={"per_minute": 1_000_000}) as api:
        await api.dossier()
        software = await api.software(KeyKind.LIVE)

        command = [
            str(Path(sys.executable).with_name("st")), "run", f"{api.url}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {software.shown}", "--exclude-checks", LEFT_OUT,
            "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-deterministic", "--continue-on-failure",
            "--max-time", "25", "--no-color", "--warnings", "off",
        ]  # fmt: skip
        run = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await run.communicate()

    assert run.returncode == 0, said.decode()[-6000:]
    assert b"operations" in said.lower()
