"""One parser led by coverage: started by `python -m tests.fuzz --atheris`, with libFuzzer's own options behind."""

import logging
import sys
from typing import Any

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["bot", "adapters"]):
    from tests.fuzz.parsers import PARSERS


def main(arguments: list[str]) -> Any:
    logging.disable(logging.CRITICAL)
    parser = PARSERS[arguments[1]]
    atheris.Setup([arguments[0], *arguments[2:], f"-max_len={parser.most}"], parser.read)
    return atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
