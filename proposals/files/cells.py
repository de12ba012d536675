"""A cell of a file that a spreadsheet opens: text in it is never a formula."""

FORMULA_STARTS = tuple("=+-@'\t\r")


def escaped(text: str) -> str:
    """A text no spreadsheet takes for a formula: one that might be gets a leading apostrophe."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unescaped(text: str) -> str:
    """What an escaped text said, without spaces around it."""
    return (
        text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text
    ).strip()
