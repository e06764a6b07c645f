"""An uploaded picture made into one that is kept: bytes in, the picture and its file in every size out.

Nothing of the uploaded file is kept: the dots are encoded anew, and everything follows from that one file, so an
installation that is given it makes the same picture of it.
"""

from comanda.base.clock import Micros
from comanda.pictures.model import Rendered
from comanda.pictures.read import read_picture
from comanda.pictures.sizes import encode_picture, sizes_of


def render_picture(content: bytes, now: Micros) -> Rendered:
    """Render an uploaded picture. Raises ComandaError ``not_a_picture``, ``picture_too_large``."""
    return sizes_of(encode_picture(read_picture(content)), now)
