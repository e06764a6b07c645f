"""Paper: what a kitchen printer is sent."""
