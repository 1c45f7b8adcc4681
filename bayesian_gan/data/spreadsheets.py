"""Texts as cells of a CSV that a spreadsheet program may open.

Such a program runs a cell that begins with one of = + - @ as a formula, in some languages one that
begins with their wide forms too (OWASP, "CSV injection"), and a picture's name or a class's may be
anything. Those cells, and those that begin with an apostrophe, get an apostrophe in front of them,
so that `original` gives back what was there. `csv_file.read_csv` takes it off.
"""

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "'"


def neutral(text: str) -> str:
    """A text as a cell that no program runs."""
    return MARK + text if text.startswith((*RUNS, MARK)) else text


def original(cell: str) -> str:
    """The text that `neutral` made a cell of."""
    return cell.removeprefix(MARK)


def unmarked(cell: str) -> str:
    """`original` of a cell that `neutral` may have made; any other, such as 'tis.png, as it is."""
    text = original(cell)
    return text if neutral(text) == cell else cell
