"""A brand's catalogue: venues, sale types, terminals, stations, products; kept as frozen snapshots."""
