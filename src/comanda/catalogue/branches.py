"""What stands above what in a catalogue: no variant of a variant, nothing above itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from comanda.base.errors import Problem
from comanda.catalogue.model import Category, Product, Unit
from comanda.catalogue.snapshot import Snapshot

Branch = TypeVar("Branch", Category, Product, Unit)
"""What may have a parent of its own kind."""


def nested_variants(stated: Sequence[Product], before: Snapshot, after: Snapshot) -> Iterator[Problem]:
    """A variant's parent is a product that is no variant itself: orders name the variant, and never the parent."""
    moved = _moved(stated, before.products, after.products)
    parents = {product.parent_id for product in after.products.values()} if moved else set()
    for product_id, index in moved.items():
        parent_id = after.products[product_id].parent_id
        parent = after.products.get(parent_id or 0)
        if product_id in parents or (parent is not None and parent.parent_id is not None):
            message = f"product {product_id} cannot be a variant of {parent_id}: one of them has a parent or variants"
            yield Problem(f"products[{index}].parent_id", "nested_variant", message, parent_id)


def circles(
    kind: str, stated: Sequence[Branch], before: Mapping[int, Branch], after: Mapping[int, Branch]
) -> Iterator[Problem]:
    """Nothing is above itself. Each branch is walked over once, however long the chains are."""
    moved = _moved(stated, before, after)
    walked: set[int] = set()
    for branch_id in moved:
        path: dict[int, None] = {}
        place: int | None = branch_id
        while place is not None and place in after and place not in walked and place not in path:
            path[place] = None
            place = after[place].parent_id
        walked.update(path)
        circle = list(path)[list(path).index(place) :] if place in path else []
        for member in filter(moved.__contains__, circle):
            message = f"following parent_id from {member} leads back to it"
            yield Problem(f"{kind}[{moved[member]}].parent_id", "circular", message, after[member].parent_id)


def _moved(stated: Sequence[Branch], before: Mapping[int, Branch], after: Mapping[int, Branch]) -> dict[int, int]:
    """Where those stand in the document, by id, who get a parent that they did not have: what was there is let be."""
    places = {branch.id: index for index, branch in enumerate(stated)}
    return {
        branch_id: index
        for branch_id, index in places.items()
        if (parent_id := after[branch_id].parent_id) is not None
        and (branch_id not in before or before[branch_id].parent_id != parent_id)
    }
