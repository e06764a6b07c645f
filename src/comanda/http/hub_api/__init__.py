"""Comanda's own resources under /hub/v1."""
