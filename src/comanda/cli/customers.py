"""``comanda customer find|export|erase``: what is stored of a person, given out or taken out."""

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import asdict

from comanda import administration
from comanda.base.errors import SetupError
from comanda.base.json import raw_json, to_json
from comanda.base.limits import MAX_ID
from comanda.base.private_files import open_private
from comanda.cli.options import AsJson, BrandOption, DatabaseUrl, DataDir, console, show, store_settings, with_store
from comanda.duties.erasing import erase_person, orders_of
from comanda.orders.dossier import House
from comanda.orders.receipt_view import receipt_object
from comanda.orders.view import order_object
from comanda.store.erasure import GUEST, Person, Redacted, find_person
from comanda.store.store import Store

customers = typer.Typer(help="Customers: what is stored of a person.", no_args_is_help=True)

CustomerId = Annotated[int | None, typer.Argument(min=1, max=MAX_ID, help="The customer's id.", show_default=False)]
Phone = Annotated[
    str | None, typer.Option("--phone", help="Any spelling; also of guests who are no customers.", show_default=False)
]


@customers.command("find")
def find(
    brand: BrandOption,
    phone: Phone = None,
    customer_id: Annotated[int | None, typer.Option("--id", min=1, max=MAX_ID, help="The customer's id.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show who a phone or an id is, and how many orders are theirs."""

    async def work(store: Store) -> dict[str, Any]:
        person = await _find(store, brand, customer_id, phone)
        found = await orders_of(store, brand, person)
        customer = person.customer and person.customer.customer
        return {
            "id": person.customer_id or None,
            "name": customer.name if customer else GUEST,
            "phone": customer.phone if customer else ", ".join((*person.phones, *person.digits)),
            "orders": len(found),
            "open": sum(order.open for order in found),
        }

    show([with_store(store_settings(data_dir, database_url), work)], as_json=as_json)


@customers.command("export")
def export(
    brand: BrandOption,
    customer_id: CustomerId = None,
    phone: Phone = None,
    out: Annotated[Path | None, typer.Option("--out", help="A file; default standard output.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write all that is stored of a person as JSON: the customer, the orders, the receipts."""

    async def work(store: Store) -> bytes:
        return to_json(await _whole(store, brand, await _find(store, brand, customer_id, phone)))

    text = with_store(store_settings(data_dir, database_url), work)
    if out is None:
        typer.echo(text.decode())
        return
    with open_private(out) as file:
        file.write(text)


@customers.command("erase")
def erase(
    brand: BrandOption,
    customer_id: CustomerId = None,
    phone: Phone = None,
    also_open: Annotated[bool, typer.Option("--also-open", help="Also orders that are still open.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Take a person out of all that is stored; numbers and sums stay. Broken off, run it again: it finishes."""

    async def work(store: Store) -> Redacted:
        person = await _find(store, brand, customer_id, phone)
        total = Redacted()
        async for step in erase_person(store, brand, person, also_open=also_open):
            total = total.plus(step)
        return total

    redacted = with_store(store_settings(data_dir, database_url), work)
    counts = ", ".join(f"{what} {count}" for what, count in redacted._asdict().items() if count)
    console.print(f"redacted: {counts or 'nothing was left to redact'}", soft_wrap=True)


async def _find(store: Store, brand_id: str, customer_id: int | None, phone: str | None) -> Person:
    if (customer_id is None) == (phone is None):
        raise SetupError("say who: either an id or --phone")
    return await store.read(lambda: find_person(brand_id, customer_id, phone))


async def _whole(store: Store, brand_id: str, person: Person) -> dict[str, Any]:
    """Everything of a person, in the words of v2."""
    house = House((await store.directory()).brands[brand_id], await administration.catalogue_of(store, brand_id))
    shown: list[Any] = []
    receipts: list[Any] = []
    for order_id in [order.id for order in await orders_of(store, brand_id, person)]:
        dossier = await store.find_dossier(house.brand.id, order_id)
        if dossier is None:
            continue
        order, receipt = dossier.order, dossier.receipt
        refusal = None if order.refusal is None else raw_json(order.refusal)
        shown.append({**order_object(order, house.brand.decimals), "refusal": refusal})
        if receipt is not None:
            receipts.append(receipt_object(receipt, order.payload, house, {"receipt_products": ()}))
    customer = None if person.customer is None else asdict(person.customer.customer)
    return {"customer": customer, "phones": (*person.phones, *person.digits), "orders": shown, "receipts": receipts}
