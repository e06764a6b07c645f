"""Comanda: a self-hosted order hub for restaurants, wire-compatible with the Clopos Open API v2."""

__version__ = "0.1.0"
