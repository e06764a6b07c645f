"""``POST /hub/v1/quotes``: what an order would cost and what speaks against it, for any create body. Stores nothing."""

from typing import Any

from comanda.access.model import Brand
from comanda.base.clock import now_micros
from comanda.base.json import major_json, number_json, to_json
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.orders.model import CheckedLine, PricedLine, PricedOrder
from comanda.orders.quote import Quote, quote_order
from comanda.orders.view import envelope, totals_json


async def make_quote(call: Call, hub: Hub) -> Reply:
    """Quote an order: 200 also for one that would be refused, with its problems."""
    brand = call.acting.brand
    quote = await quote_order(
        call.body,
        call.acting,
        hub.known.snapshot(brand.id),
        hub.store,
        header_venue=call.headers.get("x-venue"),
        terminal_absent=hub.known.present.terminal_absent,
    )
    return Reply(200, to_json(envelope(_quote_json(quote, brand), started=call.started, now=now_micros())))


def _quote_json(quote: Quote, brand: Brand) -> dict[str, Any]:
    return {
        "acceptable": quote.status is not None,
        "status": quote.status,
        **_priced_json(quote.priced, brand),
        "problems": [problem.as_json() for problem in quote.problems],
    }


def _priced_json(priced: PricedOrder | None, brand: Brand) -> dict[str, Any]:
    if priced is None:
        return {"totals": None, "lines": [], "warnings": []}
    lines = zip(priced.checked.lines, priced.lines, strict=True)
    return {
        "totals": totals_json(priced.totals, brand.currency, brand.decimals),
        "lines": [_line_json(line, sums, brand.decimals) for line, sums in lines],
        "warnings": [warning.as_json() for warning in priced.checked.warnings],
    }


def _line_json(line: CheckedLine, sums: PricedLine, decimals: int) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "name": line.name,
        "count": number_json(line.count),
        "price": number_json(line.price),
        "modifiers": [
            {"modifier_id": m.modifier_id, "name": m.name, "count": m.count, "price": number_json(m.price)}
            for m in line.modifiers
        ],
        "subtotal": major_json(sums.subtotal_minor, decimals),
        "discount": major_json(sums.discount_minor, decimals),
        "total": major_json(sums.total_minor, decimals),
    }
