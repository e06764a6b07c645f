"""Benchmarks and crash evidence: every figure Comanda publishes comes from a command in here."""
