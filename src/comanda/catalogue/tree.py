"""Branches as nested sets: which place each has, and what hangs below it.

In: resources with a ``parent_id``, in the order in which those of one parent are shown. Whatever the data says, each
resource stands in the tree once: one whose parent is not there is a root, and so is the first of a circle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where a branch stands: all below it lie between ``left`` and ``right``; a root's depth is 0."""

    left: int
    right: int
    depth: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The places of all branches, each parent before its children; and the children of each, the roots under None."""

    places: dict[int, Place] = field(default_factory=dict)
    children: dict[int | None, list[int]] = field(default_factory=dict)

    def below(self, branch: int) -> Iterator[int]:
        """A branch and everything that hangs on it, parents first."""
        pending = [branch]
        while pending:
            found = pending.pop()
            yield found
            pending.extend(reversed(self.children.get(found, ())))


def plant(resources: Mapping[int, Any], order: Sequence[int]) -> Tree:
    """The tree of all resources; ``order`` has every id once."""
    claimed: dict[int, list[int]] = {}
    roots: list[int] = []
    for branch in order:
        parent = resources[branch].parent_id
        if parent in resources:
            claimed.setdefault(parent, []).append(branch)
        else:
            roots.append(branch)
    tree = Tree()
    for root in (*roots, *order):
        # What no root leads to is part of a circle, which begins at its first member.
        if root not in tree.places:
            _grow(tree, root, claimed)
    return tree


def _grow(tree: Tree, root: int, claimed: Mapping[int, Sequence[int]]) -> None:
    """Put a root and all below it into the tree, without recursion: a chain may be as long as the catalogue."""
    number = 2 * len(tree.places) + 1
    pending: list[tuple[int, int | None, int]] = [(root, None, 0)]
    open_branches: list[int] = []
    while pending:
        branch, parent, depth = pending.pop()
        number = _close(tree, open_branches, depth, number)
        if branch in tree.places:
            continue
        tree.places[branch] = Place(number, number, depth)
        tree.children.setdefault(parent, []).append(branch)
        open_branches.append(branch)
        number += 1
        pending.extend((child, branch, depth + 1) for child in reversed(claimed.get(branch, ())))
    _close(tree, open_branches, 0, number)


def _close(tree: Tree, open_branches: list[int], depth: int, number: int) -> int:
    """Number the right side of every open branch that is as deep as the next one; returns the next number."""
    while len(open_branches) > depth:
        branch = open_branches.pop()
        tree.places[branch] = tree.places[branch]._replace(right=number)
        number += 1
    return number
