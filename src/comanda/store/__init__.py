"""What Comanda keeps and how: one schema, transactions written once, two drivers (SQLite, PostgreSQL)."""
