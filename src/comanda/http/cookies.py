"""Our two cookies as they are set: kept from scripts and from other sites, and over TLS never sent in clear text."""

from comanda.http.call import Call
from comanda.http.hub import Hub


def set_cookie(call: Call, hub: Hub, name: str, value: str, life_s: int) -> str:
    """The ``Set-Cookie`` of a secret for the whole site; an empty one with no life takes it away."""
    proxied = call.headers.get("x-forwarded-proto", "").strip() == "https"
    secure = "; Secure" if proxied or hub.settings.tls_cert is not None else ""
    return f"{name}={value}; Max-Age={life_s}; Path=/; HttpOnly; SameSite=Strict{secure}"


def is_over_tls(call: Call, hub: Hub) -> bool:
    """Whether the caller came over TLS, to here or to a trusted proxy."""
    return hub.settings.tls_cert is not None or call.proxied_over_tls
