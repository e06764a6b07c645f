"""The tree of categories over a real socket, on both stores (contract 9.12)."""

from typing import Any

import pytest
from tests.conftest import Server
from tests.http.documented import ask
from tests.http.unchecked import keep_unchecked

pytestmark = pytest.mark.anyio
TREE = [
    {"id": 10, "name": "Kitchen", "position": 1},
    {"id": 11, "name": "Soups", "parent_id": 10, "position": 2},
    {"id": 12, "name": "Salads", "parent_id": 10, "position": 1},
    {"id": 13, "name": "Hidden", "parent_id": 11, "hidden": True},
    {"id": 14, "name": "Winter", "parent_id": 10, "active": False, "position": 3},
    {"id": 15, "name": "Broths", "parent_id": 14},
    {"id": 20, "name": "Stock", "type": "INGREDIENT", "position": 1},
]


async def read(server: Server, path: str, status: int = 200) -> Any:
    """An answer that is what the document says to the last key."""
    return await ask(server, "GET", f"/open-api/v2/{path}", None, status)


def shape(category: dict[str, Any]) -> Any:
    """A category's id and those of all below it."""
    return (
        (category["id"], [shape(child) for child in category["children"]]) if category["children"] else category["id"]
    )


async def test_a_category_has_every_documented_field(server: Server):
    """ISO times, hidden as a boolean, its place in the nested set."""
    body = await read(server, "categories?sort[0]=id&sort[1]=1")
    first, second = body["data"]
    expected = {
        "id": 1,
        "name": "Pizza",
        "status": 1,
        "hidden": False,
        "type": "PRODUCT",
        "position": 1,
        "parent_id": None,
        "_lft": 1,
        "_rgt": 2,
        "depth": 0,
        "color": "ff7043",
        "children": [],
        "media": [],
        "created_at": first["created_at"],
        "updated_at": first["updated_at"],
    }
    assert first == expected
    assert (second["id"], second["_lft"], second["_rgt"]) == (2, 3, 4)
    assert body["sorts"] == ["id", "name", "position", "created_at", "updated_at"]
    assert (await read(server, "categories/1"))["data"] == expected


async def test_flat_and_as_a_tree(server: Server):
    """Without children every active category by itself; with them the roots, or what hangs on a parent."""
    await server.import_({"categories": TREE})
    cases = {
        "": [1, 2, 10, 11, 12, 13, 20],
        "include_children=false": [1, 2, 10, 11, 12, 13, 20],
        "include_inactive=true": [1, 2, 10, 11, 12, 13, 14, 15, 20],
        "parent_id=10": [11, 12],
        "parent_id=10&include_inactive=1": [11, 12, 14],
        "type=INGREDIENT": [20],
        "filters[0][0]=type&filters[0][1]=INGREDIENT": [20],
        "filters[t][0]=type&filters[t][1][0]=INGREDIENT&filters[t][1][1]=ACCOUNTING": [20],
        "filters[0][0]=parent_id&filters[0][1][]=11&filters[1][0]=status&filters[1][1]=1": [13],
        "status=0": [14],
        "type=ACCOUNTING": [],
        "include_children=true": [1, 2, (10, [12, (11, [13])]), 20],
        "include_children=true&include_inactive=true": [1, 2, (10, [12, (11, [13]), (14, [15])]), 20],
        "include_children=1&parent_id=10": [(11, [13]), 12],
        "include_children=1&type=INGREDIENT": [20],
        "parent_id=14": [],
        "include_children=1&type=PRODUCT&parent_id=10": [(11, [13]), 12],
        "include_children=1&type=PRODUCT": [1, 2, (10, [12, (11, [13])])],
    }
    # In any order: what was asked before changes nothing.
    for query, expected in [*cases.items(), *reversed(cases.items())]:
        body = await read(server, f"categories?sort[0]=id&sort[1]=1&{query}")
        assert ([shape(row) for row in body["data"]], body["total"]) == (expected, len(expected)), query


async def test_by_id_with_its_children(server: Server):
    """Inactive ones only when they are asked for; a retired category can still be read."""
    await server.import_({"categories": TREE})
    cases = {
        "categories/10": 10,
        "categories/10?include_children=false": 10,
        "categories/10?include_children=true": (10, [12, (11, [13])]),
        "categories/10?include_children=true&include_inactive=true": (10, [12, (11, [13]), (14, [15])]),
        "categories/14?include_children=1": (14, [15]),
    }
    for path, expected in cases.items():
        assert shape((await read(server, path))["data"]) == expected, path
    retired = (await read(server, "categories/14"))["data"]
    assert (retired["status"], retired["depth"]) == (0, 1)


async def test_places_are_a_nested_set(server: Server):
    """By position, those without one last, then by id; whatever lies below a category lies between its numbers."""
    await server.import_({"categories": TREE})
    rows = (await read(server, "categories?include_inactive=true"))["data"]
    places = {row["id"]: (row["_lft"], row["_rgt"], row["depth"]) for row in rows}
    assert places == {
        1: (1, 2, 0),
        10: (3, 14, 0),
        12: (4, 5, 1),
        11: (6, 9, 1),
        13: (7, 8, 2),
        14: (10, 13, 1),
        15: (11, 12, 2),
        20: (15, 16, 0),
        2: (17, 18, 0),
    }


async def test_a_circle_of_parents_does_no_harm(server: Server):
    """Each category of it is there once; the circle is cut at its first."""
    circle = [
        {"id": 30, "name": "A", "parent_id": 32},
        {"id": 31, "name": "B", "parent_id": 30},
        {"id": 32, "name": "C", "parent_id": 31},
        {"id": 33, "name": "Self", "parent_id": 33},
    ]
    await keep_unchecked(server, categories=circle)
    flat = (await read(server, "categories?sort[0]=id&sort[1]=1"))["data"]
    assert [(row["id"], row["depth"]) for row in flat] == [(1, 0), (2, 0), (30, 0), (31, 1), (32, 2), (33, 0)]
    tree = (await read(server, "categories?include_children=true&sort[0]=id&sort[1]=1"))["data"]
    assert [shape(row) for row in tree] == [1, 2, (30, [(31, [32])]), 33]
    assert shape((await read(server, "categories/31?include_children=true"))["data"]) == (31, [32])
    assert shape((await read(server, "categories/32?include_children=true"))["data"]) == 32


async def test_a_long_chain_is_cut_where_readers_would_break(server: Server):
    """64 levels of children; deeper ones are read by themselves."""
    chain = [{"id": 1000, "name": "0"}]
    chain += [{"id": 1000 + level, "name": str(level), "parent_id": 999 + level} for level in range(1, 1_200)]
    await server.import_({"categories": chain})
    category, levels = (await read(server, "categories/1000?include_children=true"))["data"], 0
    while category["children"]:
        (category,) = category["children"]
        levels += 1
    assert levels == 64
    assert (await read(server, "categories/2199"))["data"]["depth"] == 1_199


async def test_the_documented_refusals(server: Server):
    """The sentence of a wrong type, and the 404."""
    refusal = await read(server, "categories?type=FOOD", 400)
    assert (refusal["error"], refusal["message"]) == (
        "invalid_parameter",
        "type must be one of PRODUCT, INGREDIENT, ACCOUNTING",
    )
    for wanted in ("9", "x", "0", "9" * 20):
        refusal = await read(server, f"categories/{wanted}", 404)
        assert (refusal["error"], refusal["message"]) == ("resource_not_found", "Category not found")
    for query in ("include_children=yes", "include_inactive=2", "parent_id=x", "status=2"):
        assert (await read(server, f"categories?{query}", 400))["error"] == "invalid_parameter"
    assert (await read(server, "categories/1?include_children=maybe", 400))["error"] == "invalid_parameter"
