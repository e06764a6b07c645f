"""Have every picture that a source names: its content kept with the run's pages, and the id it has here."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.mirror.fetch import Watcher
from comanda.mirror.kept import KeptPages
from comanda.mirror.pictures import NotFetched, Pictures
from comanda.mirror.source import Remarks
from comanda.pictures.keep import keep_picture
from comanda.pictures.model import Rendered
from comanda.pictures.render import render_picture


@dataclass(slots=True)
class Gathered:
    """Pictures that were had: ids by address, and for each id where its content is kept and its id at the source."""

    ids: dict[str, str] = field(default_factory=dict)
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)


async def gather(
    pictures: Pictures, originals: Mapping[str, str], pages: KeptPages, watcher: Watcher, remarks: Remarks
) -> Gathered:
    """Fetch and render pictures; one that fails becomes a remark. ``originals`` are ids at the source by address."""
    gathered = Gathered()
    wanted = list(originals.items())
    if len(wanted) > limits.MIRROR_PICTURES:
        remarks.note("pictures", f"only the first {limits.MIRROR_PICTURES} were fetched")
    for number, (url, uuid) in enumerate(wanted[: limits.MIRROR_PICTURES], start=1):
        name = f"picture_{sha256(url.encode()).hexdigest()}"
        try:
            content = pages.read(name) or await pictures.fetch(url)
            rendered = await asyncio.to_thread(rendered_of, content, uuid)
        except NotFetched as error:
            remarks.note("pictures", f"one {error}")
        except ComandaError as error:
            remarks.note("pictures", f"one cannot be kept: {error}")
        else:
            pages.write(name, content)
            gathered.ids[url] = rendered.picture.id
            gathered.kept[rendered.picture.id] = (name, uuid)
        watcher.reading("pictures", number, len(wanted))
    return gathered


def rendered_of(content: bytes, uuid: str) -> Rendered:
    """The picture of a file: as it is where it is one of Comanda's, under the same id; else rendered anew.

    Raises ComandaError for a file that is no picture.
    """
    now = now_micros()
    try:
        return keep_picture(uuid, content, now)
    except ComandaError:
        return render_picture(content, now)
