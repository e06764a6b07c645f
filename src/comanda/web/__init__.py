"""The staff app as it is shipped: ``dist`` beside this file holds its built pages (``hatch_build.py`` makes them)."""

from pathlib import Path

DIST = Path(__file__).parent / "dist"
