"""Writes ``web/src/api/schema.d.ts`` from our own OpenAPI document; ``--check`` says whether it is current.

The pages know names and shapes of ``/hub/v1`` only: what the document says for people, and v2, is left out.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from hatch_build import WEB, install_packages, run_node  # noqa: E402

from comanda.access.routes import ROUTES  # noqa: E402
from comanda.base.json import to_json  # noqa: E402
from comanda.http.openapi import openapi_document  # noqa: E402

SAID: Final = {"description", "summary", "title", "example", "examples", "links", "pattern", "security", "tags"}
TYPES: Final = WEB / "src" / "api" / "schema.d.ts"


def main() -> int:
    """Write the types, or with ``--check`` compare them; 1 when they are not what the document says."""
    made = make_types()
    if sys.argv[1:] != ["--check"]:
        TYPES.write_text(made, encoding="utf-8")
        return 0
    if TYPES.is_file() and TYPES.read_text(encoding="utf-8") == made:
        return 0
    print(f"{TYPES.relative_to(ROOT)}: is not what the OpenAPI document says; make web-types writes it")
    return 1


def make_types() -> str:
    """The types as they should be."""
    install_packages()
    with tempfile.TemporaryDirectory() as folder:
        document, types = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        document.write_bytes(to_json(hub_document()))
        tool, option = "node_modules/openapi-typescript/bin/cli.js", "--default-non-nullable=false"
        run_node("the API types", tool, str(document), option, "-o", str(types))
        return types.read_text(encoding="utf-8")


def hub_document() -> dict[str, Any]:
    """The document of ``/hub/v1``, with its good answers and the schemas that these name."""
    document: dict[str, Any] = openapi_document([route for route in ROUTES if route.path.startswith("/hub/")])
    paths = _shapes(document["paths"], named=True)
    for operations in paths.values():
        for operation in operations.values():
            good = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
            operation["responses"] = {status: {"description": "", **answer} for status, answer in good.items()}
    schemas = document["components"]["schemas"]
    kept = {name: _shapes(schemas[name]) for name in sorted(_named_in(paths, schemas))}
    return {
        "openapi": document["openapi"],
        "info": {"title": "Comanda", "version": "1"},
        "paths": paths,
        "components": {"schemas": kept},
    }


def _shapes(node: Any, *, named: bool = False) -> Any:
    """A part of the document without its words; ``named``: its keys are names of something."""
    if isinstance(node, dict):
        return {
            key: _shapes(value, named=not named and key in ("properties", "schemas", "responses"))
            for key, value in node.items()
            if named or key not in SAID
        }
    return [_shapes(value) for value in node] if isinstance(node, list) else node


def _named_in(node: Any, schemas: dict[str, Any]) -> set[str]:
    """The schemas that a part of the document refers to, directly or through others."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for name in re.findall(r"#/components/schemas/([A-Za-z0-9_]+)", to_json(waiting.pop()).decode()):
            if name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


if __name__ == "__main__":
    sys.exit(main())
