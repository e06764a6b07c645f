"""Where in an order something stands, read from the path in a warning, in the words of v1 or v2 bodies. Pure."""


def warning_line(field: str) -> int | None:
    """The position of the line that a warning's field lies in, as v1 or v2 bodies call it."""
    _, bracket, rest = field.removeprefix("payload.").partition("products[")
    digits = rest.partition("]")[0]
    return int(digits) if bracket and digits.isdecimal() else None


def modifier_place(field: str) -> tuple[int, int] | None:
    """Line and position of the modifier that a warning's field lies in, as v1 or v2 bodies call it."""
    line = warning_line(field)
    rest = field.partition("].")[2]
    digits = rest.partition("[")[2].partition("]")[0]
    return (line, int(digits)) if line is not None and digits.isdecimal() else None
