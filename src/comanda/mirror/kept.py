"""The pages of a run that is not done, kept in a folder so that an interrupted run goes on where it stopped.

No credentials are ever in it. Pages may hold people's addresses: the folder and its files are their owner's only.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from comanda.base import limits
from comanda.base.errors import SetupError
from comanda.base.private_files import open_private

_MARKER = "run.json"
_ENDING = ".page"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class KeptPages:
    """A run's folder; ``began_s`` is when its first page was asked for, epoch seconds."""

    folder: Path
    began_s: float
    resumed: bool

    def read(self, name: str) -> bytes | None:
        """A page as it came; None when it is not there."""
        try:
            return (self.folder / f"{name}{_ENDING}").read_bytes()
        except OSError:
            return None

    def names(self) -> list[str]:
        """The pages that are there."""
        return sorted(path.name.removesuffix(_ENDING) for path in self.folder.glob(f"*{_ENDING}"))

    def write(self, name: str, body: bytes) -> None:
        """Keep a page, whole or not at all."""
        _write(self.folder / f"{name}{_ENDING}", body)

    def forget(self, beginning: str) -> None:
        """Drop the pages whose names begin so; they are asked for again."""
        for name in self.names():
            if name.startswith(beginning):
                (self.folder / f"{name}{_ENDING}").unlink(missing_ok=True)

    def clear(self) -> None:
        """Take away what a run left, and nothing else that somebody put into the folder."""
        _clear(self.folder)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()


def open_pages(folder: Path, source: str, *, fresh: bool) -> KeptPages:
    """The pages of the run that was interrupted, or an empty folder for another one.

    An interrupted run is of the same ``source`` and younger than 24 hours; ``fresh`` never goes on. Raises SetupError
    for a folder that holds something else or cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        marker = _read_marker(folder / _MARKER)
        if marker is None and not all(map(_is_ours, folder.iterdir())):
            raise SetupError(f"{folder} holds something else; --state wants a folder of its own")
        folder.chmod(0o700)
        if marker is not None and not fresh:
            began_s, of = marker
            if of == source and 0 <= time.time() - began_s < limits.MIRROR_KEPT_S:
                return KeptPages(folder, began_s, resumed=True)
        _clear(folder)
        began_s = time.time()
        _write(folder / _MARKER, json.dumps({"format": _FORMAT, "source": source, "began": began_s}).encode())
    except OSError as error:
        raise SetupError(f"the run cannot be kept in {folder}: {error}") from error
    return KeptPages(folder, began_s, resumed=False)


def _read_marker(path: Path) -> tuple[float, str] | None:
    """When a run began, and of which source; None where there is no marker, an old instant for one of another form."""
    if not path.is_file():
        return None
    try:
        marker = json.loads(path.read_text(encoding="utf-8"))
        if marker["format"] == _FORMAT and isinstance(marker["began"], int | float):
            return marker["began"], str(marker["source"])
    except (ValueError, KeyError, TypeError):
        pass
    return 0.0, ""


def _write(path: Path, body: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    with open_private(part) as file:
        file.write(body)
    part.replace(path)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if _is_ours(path):
            path.unlink()


def _is_ours(path: Path) -> bool:
    return path.name == _MARKER or path.name.endswith((_ENDING, f"{_ENDING}.part", f"{_MARKER}.part"))
