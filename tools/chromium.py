"""An installed Chromium for tests and screenshots: found, or Debian's package where this process may install it."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


class MissingProgramError(Exception):
    """A program is nowhere and cannot be installed; says what to install."""


def find_chromium() -> str:
    """Where Chromium is. Raises MissingProgramError."""
    return os.environ.get("COMANDA_CHROMIUM") or find_program(NAMES, "chromium")


def chromium_flags() -> list[str]:
    """What it is started with: nothing of its own goes over the network, and root has no sandbox."""
    return [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def find_program(names: tuple[str, ...], package: str) -> str:
    """Where the first of some programs is; its Debian package is installed when none is. Raises MissingProgramError."""
    # Of processes that run at once, one installs and the others find it.
    with Path(tempfile.gettempdir(), "comanda-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := _which(names):
            return found
        said = _install(package)
    if found := _which(names):
        return found
    stated = " or say with COMANDA_CHROMIUM where one is" if package == "chromium" else ""
    raise MissingProgramError(f"{names[0]} is missing: install Debian's package {package}{stated}. {said}")


def _which(names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def _install(package: str) -> str:
    """Install a Debian package where that is possible; says what came of it."""
    if shutil.which("apt-get") is None:
        return "There is no apt-get here."
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        try:
            done = subprocess.run(
                [*before, "apt-get", *words], capture_output=True, text=True, env=environment, timeout=900, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"apt-get {words[0]}: {error}"
        if done.returncode:
            return f"apt-get {words[0]}: {done.stderr.strip()[-500:]}"
    return ""
