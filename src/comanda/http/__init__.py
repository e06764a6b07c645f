"""HTTP: the door every request passes, the v2 wire, and the pages served beside it."""
