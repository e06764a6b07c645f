"""Mirroring: a brand's catalogue filled from another v2 server, by the reads that v2 documents."""
