"""The next version of this program: the same one, with the migrations of another folder.

`python newer_program.py FOLDER migrate|run …`.
"""

import sys
from pathlib import Path

from bot.cli import main
from storage import migrate

if __name__ == "__main__":
    migrate._FOLDER = Path(sys.argv.pop(1))
    main()
