"""The event log as readers see it: live feeds and streams."""
