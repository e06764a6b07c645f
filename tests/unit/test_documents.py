"""Catalogue documents and files of past orders: read exactly, refused with every reason, bounded."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from comanda import demo
from comanda.base.errors import SetupError
from comanda.catalogue.document import (
    Document,
    DocumentError,
    check_document,
    parse_document,
    read_document,
    write_document,
)
from comanda.catalogue.model import Product
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.cli.past_orders import flat_choices, read_mapping, read_past_orders
from comanda.settings import mask_url, read_settings


def written(tmp_path, text, name="c.yaml"):
    """A file with some text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_a_document_is_written_as_it_was_read(tmp_path, name):
    """YAML and JSON, numbers exact."""
    document = read_document(written(tmp_path, demo.catalogue_text()))
    text = write_document(document, as_json=name.endswith("json"))
    assert read_document(written(tmp_path, text, name)) == document
    assert document.products[0].price == Decimal("8.5")


def test_a_price_that_is_one_object_is_written_out_each_time(tmp_path):
    """Reading refuses YAML's aliases, so writing makes none."""
    price = Decimal("2.5")
    document = parse_document({"products": [{"id": number, "name": "Soup", "price": price} for number in (1, 2)]})
    shared = replace(document, products=tuple(replace(product, price=price) for product in document.products))
    assert read_document(written(tmp_path, write_document(shared, as_json=False))) == document


def test_every_problem_of_a_document_is_told(tmp_path):
    """Form first, with paths; then references."""
    text = "products:\n- {id: 0, name: '', price: -1, colour: red}\n- {id: 2}\nmenus: []\n"
    with pytest.raises(SetupError) as refusal:
        read_document(written(tmp_path, text))
    for path in (
        "products[0].id",
        "products[0].name",
        "products[0].price",
        "products[0].colour",
        "products[1].name",
        "menus",
    ):
        assert path in str(refusal.value)
    loose = parse_document(
        {
            "venues": [{"id": 1, "name": "V", "timezone": "Mars/Base", "default_terminal_id": 4}],
            "products": [{"id": 1, "name": "a", "category_id": 9}, {"id": 1, "name": "b", "modifier_groups": [3]}],
        }
    )
    with pytest.raises(SetupError) as refusal:
        check_document(loose, Snapshot())
    for path in ("venues[0].timezone", "venues[0].default_terminal_id", "products[1].id", "products[0].category_id",
                 "products[1].modifier_groups"):  # fmt: skip
        assert path in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x\n",
        "!!python/object/apply:os.system ['true']",
        "x: [",
        "- 1",
        "{" * 2000,
        "a: " + "[" * 30 + "]" * 30,
    ],
)
def test_hostile_yaml_is_refused(tmp_path, text):
    """Aliases, tags, depth, nonsense."""
    with pytest.raises(SetupError):
        read_document(written(tmp_path, text))


def test_products_come_from_csv(tmp_path):
    """Columns name fields; cells are exact."""
    text = "id,name,price,modifier_groups,active\n7,Plov,12.30,1 2,true\n8,Dolma,9,,\n"
    plov, dolma = read_document(written(tmp_path, text, "menu.csv")).products
    assert (plov.price, plov.modifier_groups, dolma.price, dolma.active) == (Decimal("12.30"), (1, 2), 9, True)
    with pytest.raises(SetupError, match="price"):
        read_document(written(tmp_path, "id,name,price\n1,x,abc\n", "bad.csv"))


def test_a_row_of_csv_changes_what_its_cells_say_and_nothing_else(tmp_path):
    """What has no column, and an empty cell, stays as it is in the catalogue."""
    before = Product(id=7, name="Plov", price=Decimal("12.30"), modifier_groups=(1, 2), position=4, tags=(3,))
    here = with_changes(Snapshot(), 1, [before])
    document = written(tmp_path, "id,price,name\n7,13.50,\n8,9,Dolma\n", "menu.csv")
    plov, dolma = read_document(document, here).products
    assert plov == replace(before, price=Decimal("13.50"))
    assert (dolma.name, dolma.price) == ("Dolma", 9)


def test_past_orders_are_read_from_any_table(tmp_path):
    """Tabs or commas, currency signs, nested choices; the first appearance orders them."""
    text = "n\tq\ti\tc\tp\n5\t2\tBowl\t[Salsa (Hot, Red), [Rice, Beans]]\t$16.98 \n5\t1\tCoke\tNULL\t$1.25\n3\t3\tTaco\t\t10.00\n"
    mapping = read_mapping("order=n,item=i,quantity=q,price=p,choices=c")
    first, second = read_past_orders(written(tmp_path, text, "o.tsv"), mapping, "line")
    assert (first.number, first.total) == ("5", Decimal("18.23"))
    assert first.lines[0].choices == ("Salsa (Hot, Red)", "Rice", "Beans")
    assert (first.lines[0].unit_price, second.lines[0].unit_price) == (Decimal("8.49"), Decimal("3.3333"))
    units = read_past_orders(written(tmp_path, text, "o.tsv"), mapping, "unit")
    assert units[1].total == 30


@settings(max_examples=200)
@given(st.integers(1, 5000), st.integers(0, 10**7))
def test_a_line_price_always_comes_out_to_the_cent(tmp_path_factory, quantity, cents):
    """Whatever the quantity, count times unit price rounds to the line's price."""
    folder = tmp_path_factory.getbasetemp()
    amount = Decimal(cents) / 100
    path = written(folder, f"order,item,quantity,price\n1,a,{quantity},{amount}\n", "line.csv")
    ((line,),) = (
        order.lines
        for order in read_past_orders(path, read_mapping("order=order,item=item,quantity=quantity,price=price"), "line")
    )
    assert (line.count * line.unit_price).quantize(Decimal("0.01"), "ROUND_HALF_UP") == amount == line.amount


def test_a_wrong_file_is_told_by_row(tmp_path):
    """Where and why."""
    mapping = read_mapping("order=a,item=b,quantity=c,price=d")
    with pytest.raises(SetupError, match="row 3"):
        read_past_orders(written(tmp_path, "a,b,c,d\n1,x,1,2\n1,x,none,2\n", "o.csv"), mapping, "line")
    with pytest.raises(SetupError, match="no column d"):
        read_past_orders(written(tmp_path, "a,b,c\n", "o.csv"), mapping, "line")
    with pytest.raises(SetupError, match="missing: item"):
        read_mapping("order=a,quantity=c,price=d")


def test_choices_are_flat():
    """Brackets go, commas within parentheses stay."""
    assert flat_choices("[[A, B], C (x, y)]") == ("A", "B", "C (x, y)")
    assert flat_choices("NULL") == ()


def test_settings_come_from_the_environment_and_the_command_line():
    """The command line wins; mistakes name their origin; passwords are masked."""
    found = read_settings({"COMANDA_PORT": "1", "COMANDA_HOST": "h"}, port=2)
    assert (found.port, found.host) == (2, "h")
    for environment in ({"COMANDA_PORT": "x"}, {"COMANDA_DATABASE_URL": "mysql://"}, {"COMANDA_TLS_CERT": "/c"}):
        with pytest.raises(SetupError):
            read_settings(environment)
    assert mask_url("postgresql://u:secret@h/db") == "postgresql://u:***@h/db"


def test_a_price_has_an_id_of_its_own_among_all_lists():
    """Callers page through the prices of all lists by it (contract 9.19)."""
    price = {"id": 7, "product_id": 1, "price": 1}
    lists = [{"id": 1, "name": "a", "prices": [price]}, {"id": 2, "name": "b", "prices": [price]}]
    products = [{"id": 1, "name": "p"}]
    there = check_document(parse_document({"products": products, "price_lists": lists[:1]}), Snapshot())
    for document in ({"price_lists": lists[1:]}, {"price_lists": lists}):
        with pytest.raises(SetupError, match="price 7 is used twice"):
            check_document(parse_document(document), there)
    assert check_document(parse_document({"price_lists": lists[:1]}), there).price_lists.keys() == {1}


def test_a_product_whose_parent_is_a_variant_is_refused():
    """Itself, a variant's variant and a parent that becomes one; what is there already may be edited and mended."""

    def menu(**parents):
        products = [{"id": int(name[1:]), "name": name, "parent_id": parent} for name, parent in parents.items()]
        return parse_document({"products": products})

    there = check_document(menu(p1=None, p2=1, p3=None, p4=None), Snapshot())
    for document, fields in (
        (menu(p3=3), {"products[0].parent_id"}),
        (menu(p3=2), {"products[0].parent_id"}),
        (menu(p1=3), {"products[0].parent_id"}),
        (menu(p3=4, p4=3), {"products[0].parent_id", "products[1].parent_id"}),
        (menu(p5=6, p6=None, p7=5), {"products[0].parent_id", "products[2].parent_id"}),
    ):
        with pytest.raises(DocumentError) as refusal:
            check_document(document, there)
        assert {(problem.field, problem.code) for problem in refusal.value.problems} == {
            (field, "nested_variant") for field in fields
        }
    assert check_document(menu(p3=1), there).products[3].parent_id == 1
    assert check_document(menu(p2=None, p1=3), there).products[1].parent_id == 3
    broken = with_changes(there, 2, menu(p3=3).products)
    renamed = replace(broken.products[3], name="renamed")
    assert check_document(Document(products=(renamed,)), broken).products[3].name == "renamed"
    assert check_document(menu(p3=None), broken).products[3].parent_id is None


@pytest.mark.parametrize("kind", ["categories", "units"])
def test_a_circle_of_branches_is_refused(kind):
    """In the document alone or closed by what is there, each member that the document moves; deep chains are not."""

    def tree(**parents):
        return parse_document({kind: [{"id": int(n[1:]), "name": n, "parent_id": p} for n, p in parents.items()]})

    there = check_document(tree(c1=None, c2=1, c3=2), Snapshot())
    for document, fields in (
        (tree(c1=1), ["0"]),
        (tree(c1=3), ["0"]),
        (tree(c4=None, c5=4, c1=3), ["2"]),
        (tree(c5=6, c6=7, c7=5, c8=5), ["0", "1", "2"]),
    ):
        with pytest.raises(DocumentError) as refusal:
            check_document(document, there)
        assert [(problem.field, problem.code) for problem in refusal.value.problems] == [
            (f"{kind}[{index}].parent_id", "circular") for index in fields
        ]
    broken = with_changes(there, 2, getattr(tree(c1=3), kind))
    assert check_document(tree(c3=2, c4=3), broken) is not None
    deep = {f"c{number}": number - 1 or None for number in range(20_000, 0, -1)}
    assert len(getattr(check_document(tree(**deep), Snapshot()), kind)) == 20_000
