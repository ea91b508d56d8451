"""Flags that act when they are read: some print and end, some are refused before the work."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SHELLS = ("bash", "zsh")
FILES = ("data", "path", "truth", "config", "output", "report")  # arguments that name a file
DIRECTORIES = ("run_dir", "update")


class PrintCompletion(argparse.Action):
    """Print the script of a shell and end."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Print the script of the shell named by `values`, or refuse where shtab is not installed."""
        del namespace, option_string
        try:
            import shtab
        except ImportError:
            parser.error("--print-completion: needs shtab: pip install shtab")
        for action in _actions(parser):
            if action.dest in (*FILES, *DIRECTORIES):
                kind = shtab.FILE if action.dest in FILES else shtab.DIRECTORY
                action.complete = kind  # type: ignore[attr-defined]  # where shtab looks for it
        parser._print_message(shtab.complete(parser, shell=str(values)))
        parser.exit()


class Plot(argparse.Action):
    """Ask for a picture: refused before the work where nothing can draw it."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=False, **options)

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any) -> None:
        """Set it to True."""
        if importlib.util.find_spec("matplotlib") is None:
            parser.error("--plot: needs matplotlib: pip install matplotlib")
        setattr(namespace, self.dest, True)


def new_file(text: str) -> str:
    """Return the path of a file to write, refused before the work where it cannot be."""
    path = Path(text).absolute()
    place = next(parent for parent in path.parents if parent.exists())  # the rest is made when it is written
    if path.is_dir() or not place.is_dir() or not os.access(place, os.W_OK):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a file in a directory that can be written")
    return text


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
