"""The kitchen: tickets and their stations."""
