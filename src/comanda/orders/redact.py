"""What names a person, taken out of the texts that the store keeps (contract 14.11). Pure: a text in, a text out.

Only the places named here are touched: every other byte, and with it every number, sum and item, stays as it was. A
text in which nobody is named comes back the very same.
"""

from typing import Any, Final

import msgspec

from comanda.base.json import to_json

ERASED: Final = "erased"
"""What stands where a name stood."""


def redact_payload(payload: str) -> str:
    """An order's payload without name, phone, address, comment and the notes of lines."""
    return _redacted(payload, _PAYLOAD)


def redact_refusal(refusal: str) -> str:
    """Why an order was ignored, without the note that people wrote."""
    return _redacted(refusal, _NOTE)


def redact_lines(lines: str) -> str:
    """A ticket's lines without their notes."""
    return _redacted(lines, [_NOTE])


def redact_event(type_: str, data: str) -> str:
    """An event's data without the notes of lines; only tickets have any."""
    return _redacted(data, _TICKET) if type_.startswith("ticket.") else data


def redact_answer(body: str) -> str:
    """An answer kept under a key, of whatever was done to an order: a create, a receipt, tickets."""
    return _redacted(body, _ANSWER)


def redact_customer_answer(body: str, customer_id: int) -> str:
    """An answer kept under a key, if it shows this customer; any other is left alone."""
    shown = msgspec.json.decode(body) if body else None
    data = shown.get("data") if isinstance(shown, dict) else None
    if not isinstance(data, dict) or data.get("id") != customer_id or not {"phones", "cid"} <= data.keys():
        return body
    return _redacted(body, _CUSTOMER_ANSWER)


def _redacted(text: str, places: Any) -> str:
    if not text:
        return text
    before = msgspec.Raw(text.encode())
    after = _changed(before, places)
    return text if after is before else bytes(after).decode()


def _changed(raw: msgspec.Raw, places: Any) -> msgspec.Raw:
    """The JSON with its places filled; the very same when they are filled already, or are not there."""
    if isinstance(places, msgspec.Raw):
        return raw if bytes(raw) == bytes(places) else places
    opening = bytes(raw).lstrip()[:1]
    if isinstance(places, list) and opening == b"[":
        items = _LIST.decode(raw)
        changed = [_changed(item, places[0]) for item in items]
        same = all(new is old for new, old in zip(changed, items, strict=True))
        return raw if same else msgspec.Raw(to_json(changed))
    if isinstance(places, dict) and opening == b"{":
        parts = _OBJECT.decode(raw)
        filled = {name: _changed(part, places[name]) for name, part in parts.items() if name in places}
        if all(part is parts[name] for name, part in filled.items()):
            return raw
        return msgspec.Raw(to_json({**parts, **filled}))
    return raw


_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_NULL: Final = msgspec.Raw(b"null")
_EMPTY: Final = msgspec.Raw(b'""')
_NONE: Final = msgspec.Raw(b"[]")
_NAME: Final = msgspec.Raw(to_json(ERASED))
_NOTE: Final = {"note": _NULL}
_TICKET: Final = {"lines": [_NOTE]}
_PAYLOAD: Final = {
    "customer": {"phone": _EMPTY, "address": _NULL, "name": _NAME},
    "products": [{**_NOTE, "meta": {"order_product": _NOTE}}],
    "meta": {"comment": _NULL},
}
_ANSWER: Final = {
    "data": {
        "customer_ref_id": _NULL,
        "payload": _PAYLOAD,
        "address": _NULL,
        "description": _NULL,
        "receipt_products": [_NOTE],
        "tickets": [_TICKET],
    }
}
"""An order names its person in ``payload`` and by the caller's reference, a receipt the address and comment, an action
the tickets' notes."""
_CUSTOMER_ANSWER: Final = {
    "data": {
        "name": _NAME,
        "phone": _NULL,
        "phones": _NONE,
        "address": _NULL,
        "address_data": _NONE,
        "email": _NULL,
        "code": _NULL,
        "description": _NULL,
        "gender": _NULL,
        "date_of_birth": _NULL,
        "reference_id": _NULL,
    }
}
