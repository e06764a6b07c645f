"""Writes ``docs/commands.md`` from the commands themselves, with all their options; ``--check`` compares it."""

import html
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "commands.md"
COMPLETION: Final = re.compile(r"\* `--(install-completion|show-completion|help)`: .*\n")
SUMMARIES: Final = re.compile(r"\*\*Commands\*\*:\n\n(\* `.*\n)+\n?")
"""Each is cut off in the middle, and stands whole under its own heading."""


def main() -> int:
    """Write the page, or with ``--check`` compare it; 1 when it is not what the commands say."""
    made = make_page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(made, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == made:
        return 0
    print(f"{PAGE.relative_to(ROOT)}: is not what the commands say; make commands writes it")
    return 1


def make_page() -> str:
    """The page as it should be."""
    words = [sys.executable, "-m", "typer", "comanda.cli.app", "utils", "docs", "--name", "comanda"]
    told = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
    told = SUMMARIES.sub("", COMPLETION.sub("", html.unescape(told)))
    told = told.replace("**Options**:\n\n\n", "").replace("# `comanda`", "# Commands", 1)
    return re.sub(r"\n{3,}", "\n\n", told).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
