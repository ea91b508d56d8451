"""Scripts that let a shell complete the flags of `jaxstable`: `jaxstable --print-completion bash`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
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


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
