"""Files with people's data in them: their owner's only, whatever the umask is and whatever was there before."""

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_private(path: Path) -> BinaryIO:
    """Open a file for writing from its beginning with mode 0600, also where it is there already with a wider one.

    The mode is set before anything is written. What is no regular file, such as a terminal, keeps its own.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
    return os.fdopen(descriptor, "wb")
