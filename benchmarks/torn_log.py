"""Tearing the tail of SQLite's write-ahead log.

SIGKILL takes nothing that was written. A power cut may take what was not yet synced; `tear` stands in for it.
"""

import random
import struct
from dataclasses import dataclass
from pathlib import Path

_LOG_HEADER = 32
_FRAME_HEADER = 24
_SALT = slice(16, 24)
_INDEX_SALT = slice(32, 40)
_INDEX_BEGUN = slice(128, 132)
"""``nBackfillAttempted`` in the shared-memory file: up to which frame a checkpoint may have copied."""
_GARBAGE_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Mark:
    """All that was committed when it was taken lies before ``end`` of the log with this salt, or in the database."""

    salt: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Tear:
    """What was done to a log: ``kept`` bytes of its ``whole`` are as they were; ``reset`` tells of a new salt."""

    kept: int
    whole: int
    reset: bool


def mark(log: Path) -> Mark:
    """Note where the log ends. Only while no request is under way: then every frame it has is whole."""
    salt, _ = _header(log)
    return Mark(salt, _end(log))


def tear(log: Path, quiet: Mark, how: str, rng: random.Random) -> Tear | None:
    """Tear a dead database's log at a random byte that was not synced: ``cut`` or ``garble`` it. None without such.

    Known to be synced is what was committed at ``quiet``. Its frames end there as long as the log has the same salt;
    a log is started over, with a new salt, only when all of it was copied into the database file and synced there.
    So are the frames that a checkpoint may have copied: it syncs the log first, and notes in the shared-memory file,
    which SIGKILL leaves as it was, how far it means to copy. That file is removed: it does not outlive a power cut.
    """
    index = log.with_name(log.name.removesuffix("-wal") + "-shm")
    first, end = _first_unsynced(log, index, quiet), _end(log)
    if first is None or first >= end:
        return None
    at = rng.randrange(first, end)
    with log.open("r+b") as file:
        if how == "cut":
            file.truncate(at)
        else:
            file.seek(at)
            file.write(rng.randbytes(rng.randint(1, min(_GARBAGE_MAX, end - at))))
    index.unlink()
    return Tear(kept=at, whole=end, reset=_header(log)[0] != quiet.salt)


def _first_unsynced(log: Path, index: Path, quiet: Mark) -> int | None:
    """The first byte of the log that a power cut could have lost; None when the log was just being started over."""
    salt, frame = _header(log)
    shared = index.read_bytes()
    if shared[_INDEX_SALT] != salt:
        return None
    begun: int = struct.unpack("=I", shared[_INDEX_BEGUN])[0]
    copied = _LOG_HEADER + begun * frame
    return max(copied, quiet.end) if quiet.salt == salt else copied


def _header(log: Path) -> tuple[bytes, int]:
    """The log's salt and the size of its frames; no salt where it has no header yet."""
    with log.open("rb") as file:
        header = file.read(_LOG_HEADER)
    if len(header) < _LOG_HEADER:
        return b"", 0
    return header[_SALT], _FRAME_HEADER + int(struct.unpack(">I", header[8:12])[0])


def _end(log: Path) -> int:
    """Where the frames with the log's own salt end; older ones lie behind them, as the file never shrinks."""
    salt, frame = _header(log)
    at = _LOG_HEADER
    if not salt:
        return 0
    with log.open("rb") as file:
        while True:
            file.seek(at)
            header = file.read(_FRAME_HEADER)
            if header[8:16] != salt:
                return at
            at += frame
