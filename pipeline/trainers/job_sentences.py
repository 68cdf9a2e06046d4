"""Small pieces of sentences."""


def counted(count: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def one_line(text: str) -> str:
    """Text that cannot leave the comment or cell it stands in, whatever a person named their file.

    >>> one_line("a\\nimport os")
    'a import os'
    """
    return "".join(character if character.isprintable() else " " for character in text)
