"""The text of one epoch on the console: pure functions from a health record to a line."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO, TypeGuard

COMPILING = "compiling (about 10 s) ..."
NOTHING_LEFT = "nothing left to train"


def on_show(wanted: bool | Literal["full"] | None) -> tuple[bool, bool]:
    """Return whether progress is shown and whether it is redrawn, both on standard error.

    Args:
        wanted: True or "full" shows it, False does not, None does in a terminal or a notebook only.
    """
    terminal = sys.stderr.isatty()
    return terminal or "ipykernel" in sys.modules if wanted is None else bool(wanted), terminal


def say(text: str = "", stream: TextIO | None = None) -> None:
    """Print a line; what the console cannot show is escaped.

    If its reader has left (`| head`), go on unheard, for the run is worth more than its lines.
    """
    target: TextIO = stream or sys.stdout
    encoding = getattr(target, "encoding", None) or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=target, flush=True)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, target.fileno())
        os.close(nowhere)


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _loss(value: float | None, width: int = 8) -> str:
    """Keep a loss within `width` characters, from 1e-9 to 1e30."""
    if not _known(value):
        return f"{'n/a':>{width}}"
    size = abs(value)
    if size >= 99_999 or 0 < size < 1e-3:
        return f"{value:>{width}.2e}"
    return f"{value:>{width}.{2 if size >= 999.9 else 4}f}"


def _number(value: float | None, width: int, spec: str) -> str:
    return f"{value:>{width}{spec}}" if _known(value) else f"{'n/a':>{width}}"


def epoch_line(record: Mapping[str, Any], total_epochs: int, true_edge_count: int | None = None) -> str:
    """Format one health record as one console line.

    A metric that is null reads `n/a` in the same width. Without ground truth the validation loss
    takes the place of F1 and SHD, because then it is what selects the best state.

    Args:
        record: a health record; missing keys count as null.
        total_epochs: epochs the run was asked for.
        true_edge_count: edges of the true graph, None without ground truth.

    Returns:
        The line, without a newline.

    >>> record = {"epoch": 4, "train_loss": 0.0105, "val_f1": 0.069, "val_shd": 27.0,
    ...           "edge_count": 7, "grad_clip_ratio": 0.007, "learning_rate": 5e-4}
    >>> epoch_line(record, 100, 13)  # doctest: +ELLIPSIS
    'Epoch   4/100 | Loss:   0.0105 | Val F1: 0.0690 | Val SHD:   27.0 | Edges:   7/13 | Grad ...'
    """
    get = record.get
    width = max(3, len(str(total_epochs)))
    clip = get("grad_clip_ratio")
    rate = get("learning_rate")
    edges = _number(get("edge_count"), 3, ".0f")
    parts = [
        f"Epoch {_number(get('epoch'), width, '.0f')}/{total_epochs}",
        f"Loss: {_loss(get('train_loss'))}",
        f"Val F1: {_number(get('val_f1'), 6, '.4f')}",
        f"Val SHD: {_number(get('val_shd'), 6, '.1f')}",
        f"Edges: {edges}" if true_edge_count is None else f"Edges: {edges}/{true_edge_count}",
        f"Grad Clip: {100 * clip:.1f}%" if _known(clip) else "Grad Clip: n/a",
        f"LR: {rate:.2e}" if _known(rate) else "LR: n/a",
    ]
    if true_edge_count is None:
        parts[2:4] = [f"Val Loss: {_loss(get('val_loss'))}"]
    if get("skipped_steps"):
        parts.append(f"SKIPPED {get('skipped_steps')}")
    if get("new_best"):
        parts.append("NEW BEST")
    return " | ".join(parts)
