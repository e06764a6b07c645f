"""Files of people's data: their owner's only."""

import os
import stat
from pathlib import Path

import pytest

from comanda.base.private_files import open_private


@pytest.mark.parametrize("before", [None, 0o644, 0o666, 0o400])
def test_a_private_file_is_its_owners_only_before_anything_is_written(tmp_path, before):
    """Whatever the umask is, and however wide the file was that stood there; nothing of that one is left."""
    path = tmp_path / "people.json"
    if before is not None:
        path.write_bytes(b"somebody else's, and longer than what comes")
        path.chmod(before | 0o200)
    mask = os.umask(0)
    try:
        with open_private(path) as file:
            assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (0o600, b"")
            file.write(b"people")
    finally:
        os.umask(mask)
    assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (0o600, b"people")


def test_what_is_no_file_keeps_its_mode():
    """A terminal or the null device is everybody's."""
    device = Path(os.devnull)
    mode = device.stat().st_mode
    with open_private(device) as file:
        file.write(b"people")
    assert device.stat().st_mode == mode
