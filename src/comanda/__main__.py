"""``python -m comanda``."""

from comanda.cli.app import main

main()
