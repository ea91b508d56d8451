"""How a message names values, names and counts: in few characters, whatever they are."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

_BRIEF = reprlib.Repr()  # a file may hold lists within lists that would fill the screen, and take minutes to write out
_BRIEF.maxother = _BRIEF.maxlong = 1000


def shortened(value: Any, most: int = 80) -> str:
    """Write a value for a message, cut where it grows long or cannot be written at all.

    Example:
        >>> shortened([["a" * 1000] * 1000], 40)
        "[['aaaaaaaaaaaa...aaaaaaaaaaaaa', 'aaaaa..."
    """
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value[: most + 1]) if isinstance(value, (str, bytes)) else _BRIEF.repr(value)
    return text if len(text) <= most else f"{text[:most]}..."


def few(parts: Sequence[str], most: int = 8) -> str:
    """Return the first parts in one line, and how many more there are.

    Example:
        >>> few(["a", "b", "c"], 2)
        'a, b and 1 more'
    """
    more = len(parts) - most
    return ", ".join(parts[:most]) + (f" and {more} more" if more > 0 else "")


def listed(names: Sequence[Any], most: int = 4) -> str:
    """Write a few names for a message, and how many more there are.

    Example:
        >>> listed(["a", "b", "c"], 2)
        "'a', 'b' and 1 more"
    """
    return few([shortened(name) for name in names], most)


def counted(count: int, noun: str) -> str:
    """Write a number with its noun, in the plural unless it is one.

    Example:
        >>> counted(1, "entry"), counted(2, "entry"), counted(0, "row"), counted(2, "day")
        ('1 entry', '2 entries', '0 rows', '2 days')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {re.sub('(?<![aeiou])y$', 'ie', noun)}s"


def ended_text(status: str) -> str:
    """Say how a run ended.

    Example:
        >>> ended_text("EARLY_STOPPED"), ended_text("FINISHED")
        ('stopped early', 'finished')
    """
    return "stopped early" if status == "EARLY_STOPPED" else status.lower()


def nearest(name: Any, names: Iterable[Any]) -> str:
    """Ask for the name that was meant, or say nothing.

    Example:
        >>> nearest("lambda_sprase", ["lambda_recon", "lambda_sparse"])
        "; did you mean 'lambda_sparse'?"
    """
    near = difflib.get_close_matches(str(name), [str(other) for other in names], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def shown(value: Any) -> str:
    """Write a value of a field or a metric in few characters."""
    return f"{value:.4g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
