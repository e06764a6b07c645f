"""What the server does by itself: deadlines, printing, presence."""
