"""Receipts: what guests pay."""
