"""HTTPS inside the house."""

from typing import Any, Final

from comanda.http.operations.parts import Operation, Operations, operation, reply


def _authority() -> Operation:
    summary = "The certificate of the house's own authority, PEM, for tablets to install"
    content: dict[str, Any] = {"application/x-x509-ca-cert": {}}
    responses = {
        "200": {"description": "The certificate", "content": content},
        "404": reply("The house has none; comanda tls init makes one", "Error"),
    }
    return operation("showAuthority", summary, "Authentication", responses)


OPERATIONS: Final[Operations] = {("GET", "/hub/v1/tls/ca.crt"): _authority}
