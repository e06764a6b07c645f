"""Which function answers which route. Every route of `comanda.access.routes` stands here; a test holds it."""

from typing import Final

from comanda.http import pages
from comanda.http.door import Lane
from comanda.http.hub_api import actions, boards, events, papers, presence, quotes, session, stream
from comanda.http.open_api import auth, orders, receipts

INTAKE: Final = ("POST", "/open-api/v2/orders")
STREAM: Final = ("GET", "/hub/v1/stream")

HANDLERS: Final[dict[str, Lane]] = {
    "POST /open-api/v2/auth": auth.sign_in_client,
    "POST /open-api/v2/orders": orders.create_order,
    "GET /open-api/v2/orders": orders.list_orders,
    "GET /open-api/v2/orders/{id}": orders.get_order,
    "PUT /open-api/v2/orders/{id}": orders.update_order,
    "GET /open-api/v2/receipts": receipts.list_receipts,
    "GET /open-api/v2/receipts/{id}": receipts.get_receipt,
    "GET /open-api/v2/receipts/cid/{cid}": receipts.get_receipt_by_cid,
    "PATCH /open-api/v2/receipts/{id}": receipts.patch_receipt,
    "POST /open-api/v2/receipts/{id}/close": receipts.close_receipt,
    "POST /hub/v1/quotes": quotes.make_quote,
    "GET /hub/v1/orders/{id}": boards.get_whole_order,
    "GET /hub/v1/orders/{id}/timeline": boards.get_timeline,
    "POST /hub/v1/orders/{id}/accept": actions.accept_order,
    "POST /hub/v1/orders/{id}/refuse": actions.refuse_order,
    "POST /hub/v1/orders/{id}/send-to-station": actions.send_order,
    "POST /hub/v1/orders/{id}/seen": actions.see_order,
    "POST /hub/v1/orders/{id}/hand-over": actions.hand_order_over,
    "POST /hub/v1/receipts/{id}/close": receipts.close_receipt,
    "GET /hub/v1/tickets/{id}": boards.get_ticket,
    "GET /hub/v1/tickets/{id}/paper.png": papers.show_paper,
    "POST /hub/v1/tickets/{id}/start": actions.work_on_ticket,
    "POST /hub/v1/tickets/{id}/ready": actions.work_on_ticket,
    "POST /hub/v1/tickets/{id}/recall": actions.work_on_ticket,
    "POST /hub/v1/tickets/{id}/dismiss": actions.work_on_ticket,
    "POST /hub/v1/tickets/{id}/reprint": actions.work_on_ticket,
    "POST /hub/v1/tickets/{id}/lines/{line}/ready": actions.finish_line,
    "GET /hub/v1/venues/{id}/board": boards.get_board,
    "GET /hub/v1/venues/{id}/performance": boards.get_performance,
    "GET /hub/v1/stations/{id}/tickets": boards.get_station_tickets,
    "GET /hub/v1/print-jobs": papers.list_jobs,
    "POST /hub/v1/print-jobs/{id}/reprint": papers.settle_job,
    "POST /hub/v1/print-jobs/{id}/dismiss": papers.settle_job,
    "POST /hub/v1/session": session.sign_in_person,
    "GET /hub/v1/session": session.who_am_i,
    "DELETE /hub/v1/session": session.sign_out,
    "POST /hub/v1/heartbeat": presence.take_heartbeat,
    "GET /hub/v1/venues/{id}/terminals": presence.list_terminals,
    "GET /hub/v1/events": events.list_events,
    "GET /hub/v1/stream": stream.open_stream,
    "GET /health": pages.health,
    "GET /ready": pages.ready,
    "GET /openapi.json": pages.openapi,
    "GET /docs": pages.docs,
    "GET /docs/{asset}": pages.docs,
    "GET /": pages.docs,
}
