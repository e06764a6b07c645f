"""The way of an order: decode, check, price, plan, then one commit. `place.py` is the table of contents."""
