"""House rules that are checks: sizes, banned calls, names, no registry's host in what ships. Run by make check."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAX_MODULE_LINES = 500
MAX_FUNCTION_LINES = 75
BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|misc|v2_|new_)", re.IGNORECASE)
BANNED_CALLS = {"print", "eval", "exec", "float"}
# Assembled, so that this file does not name what it forbids.
HOSTS = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "/work" + "/"]))
BUILT = re.compile(r"(^|/)(node_modules|dist)/|\.(gz|br)$")
SOURCES = re.compile(r"^web/.*\.(ts|tsx|js|mjs|css|html|svg|webmanifest)$")
ADDRESS = re.compile(r"https?://(?!www\.w3\.org/|127\.0\.0\.1\b|localhost\b)[^\s\"'`]*")
"""An address of a host; the names of XML's vocabularies and this machine itself are none."""
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")


def main() -> int:
    """Print every broken rule; 1 when there is one."""
    broken = [*_source_rules(), *_shipped_rules(), *_web_rules(), *_lock_rules()]
    for line in broken:
        print(line)
    print(f"tidy: {len(broken)} broken rule(s)")
    return 1 if broken else 0


def _source_rules() -> Iterator[str]:
    for path in sorted((ROOT / "src").rglob("*.py")):
        if "versions" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(ROOT)
        if len(text.splitlines()) > MAX_MODULE_LINES:
            yield f"{where}: over {MAX_MODULE_LINES} lines"
        if BANNED_NAMES.search(path.stem):
            yield f"{where}: files are named for steps or things"
        tree = ast.parse(text)
        if ast.get_docstring(tree) is None:
            yield f"{where}: no module docstring"
        yield from _tree_rules(tree, str(where))


def _tree_rules(tree: ast.Module, where: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES and not where.endswith("http/app.py"):
                yield f"{where}:{node.lineno}: {node.name} has {length} lines"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
            if node.func.id == "float" and not where.startswith(("src/comanda/orders", "src/comanda/store/commit")):
                continue
            yield f"{where}:{node.lineno}: {node.func.id}() is not used here"


def _shipped_rules() -> Iterator[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in (".js", ".css", ".png") or not path.is_file():
            continue
        found = HOSTS.search(path.read_text(encoding="utf-8", errors="replace"))
        if found:
            yield f"{name}: names {found.group()}"
        if (
            re.search("TO" + "DO|FIX" + "ME", path.read_text(encoding="utf-8", errors="replace"))
            and path.suffix == ".py"
        ):
            yield f"{name}: has an open end"


def _web_rules() -> Iterator[str]:
    """Nothing built is committed, npm's lock names no registry, and the pages' own sources name no host."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if BUILT.search(name):
            yield f"{name}: is built, not written"
        path = ROOT / name
        found = ADDRESS.search(path.read_text(encoding="utf-8")) if SOURCES.match(name) and path.is_file() else None
        if found:
            yield f"{name}: names {found.group()}"
    if '"resolved"' in (ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"):
        yield "web/package-lock.json: names a registry (omit-lockfile-registry-resolved)"


def _lock_rules() -> Iterator[str]:
    for name in LOCKS:
        text = (ROOT / name).read_text(encoding="utf-8")
        if re.search(r"^\s*(--index|--extra-index|--find-links|-f |-i )|https?://", text, re.MULTILINE):
            yield f"{name}: names an index"
        if "--hash=" not in text:
            yield f"{name}: has no hashes"


if __name__ == "__main__":
    sys.exit(main())
