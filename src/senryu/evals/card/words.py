"""Numbers and statements as a card says them."""

from senryu.evals.card.blocks import Block, Bullets, Paragraph
from senryu.evals.card.metadata import Statement

__all__ = ["count", "interval", "percent", "plus_minus", "share_error", "stated"]


def percent(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:.1f}%"


def share_error(error: float | None) -> str:
    """A standard error in percentage points."""
    return "not known" if error is None else f"{100 * error:.2f}"


def plus_minus(share: float, error: float | None) -> str:
    """A figure with its standard error."""
    return f"{100 * share:.1f} ± {share_error(error)} points"


def interval(low: float, high: float) -> str:
    """Both ends, as percentages."""
    return f"{100 * low:.1f} to {100 * high:.1f}%"


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def stated(statement: Statement | None) -> tuple[Block, ...]:
    """What is stated, with its source."""
    match statement:
        case None:
            return (Paragraph(("Not stated.",)),)
        case Statement(values=(value,)):
            return (Paragraph((f"{value} (stated; source: {statement.source})",)),)
        case _:
            items = tuple((value,) for value in statement.values)
            said = f"Stated (source: {statement.source}):"
            return (Paragraph((said,)), Bullets(items))
