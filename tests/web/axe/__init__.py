"""axe-core: rules of accessible pages that we did not write, run in the page that a browser shows."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

_HERE = Path(__file__).parent
_LOCK = _HERE / "package-lock.json"
_GRAVE = ("serious", "critical")


def version() -> str:
    """Changes with package-lock.json."""
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]


def install(place: Path) -> str:
    """The script, from a folder into which the package is installed where that was not done before. Skips, or fails
    with CI set, where npm or the package cannot be had."""
    script = place / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        for name in (_LOCK.name, "package.json"):
            shutil.copy(_HERE / name, place)
        try:
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=place, check=True, capture_output=True, timeout=45, text=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or error
            reason = f"the npm package axe-core could not be had, so no page was judged by its rules: {said}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
    return script.read_text(encoding="utf-8")


async def grave_violations(page: Page, script: str) -> list[str]:
    """What is seriously or critically wrong with the page as it stands, a line each: rule, and where."""
    await page.evaluate(script)
    found: list[dict[str, Any]] = await page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{rule['id']}: {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in found
        if rule["impact"] in _GRAVE
    ]
