"""Tell a result on the command line: as text or JSON, and as a page where one is asked for."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any, Literal

from jaxstable.config import ConfigError
from jaxstable.files.directory import json_ready
from jaxstable.results.discovery_result import Discovery
from jaxstable.results.owner import ReportedResult
from jaxstable.results.text import report_text
from jaxstable.training.console import say

NARROWEST = 60  # columns that the tables are made for


def progress_of(args: argparse.Namespace) -> bool | Literal["full"]:
    """Return how progress is shown: not beside JSON or with --quiet, every epoch with -v."""
    return False if args.json or args.quiet else "full" if args.verbose else True


def announce(args: argparse.Namespace, *lines: str) -> None:
    """Say on standard error what is about to be done, unless nothing is to be said."""
    if progress_of(args):
        for line in lines:
            say(line, sys.stderr)


def line_width() -> int | None:
    """Return the columns of the terminal or of COLUMNS, None where a file or a pipe takes lines of any length."""
    columns = shutil.get_terminal_size((0, 0)).columns
    return max(columns, NARROWEST) if columns else None


def above(result: Any, min_probability: float | None) -> Any:
    """Return a discovery without its less probable edges, any result as it is where nothing is asked.

    Raises:
        ConfigError: The result has no probabilities.
    """
    if min_probability is None:
        return result
    if not isinstance(result, Discovery):
        raise ConfigError("min_probability: found a run without probabilities; they are what discover adds")
    return result.likely(min_probability)


def tell(result: ReportedResult, args: argparse.Namespace, written: Sequence[Any] = ()) -> None:
    """Write what a result says to standard output, and its page if there is to be one.

    Args:
        result: the result.
        args: `json`, `report` (path or None), `verbose` and `run_dir` of the command line.
        written: files to name at the end.
    """
    report = result.overview()
    if args.report:
        result.report(args.report)
        written = [*written, args.report]
    if args.json:
        say(json.dumps({**json_ready(report.document), "run_dir": str(args.run_dir)}, allow_nan=False))
    else:
        say(report_text(report, written, args.verbose, line_width()))
