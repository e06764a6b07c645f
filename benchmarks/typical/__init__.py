"""What Comanda is measured against: the same order endpoint as most teams would write it, and its strongest form.

`orm_app` is FastAPI, Pydantic 2 and the SQLAlchemy 2 ORM. `raw_app` is Starlette, msgspec, a catalogue in memory and
one hand-written SQL statement an order. Both check, charge and store the same facts in the same tables (`models`).

Where Comanda does more, they do less, always in their own favour: no v1 body, no claims on ``integration_id``, no
guest matching, no warnings for unknown fields, no metrics, no log line per order, one window per minute for rates,
and one policy per venue (prices) instead of five.
"""
