"""Foundations: money, numbers, time, errors, limits. Imports nothing else of Comanda."""
