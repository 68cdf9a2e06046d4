"""How a text of a dataset stands in a message."""


def printable(text: str, at_most: int = 40) -> str:
    """Text of a dataset as it may stand in a message: one line, no control characters, cut."""
    if len(text) <= at_most and text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:at_most])
    return shown + ("…" if len(text) > at_most else "")
