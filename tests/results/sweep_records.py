"""Sweeps made by hand: lanes with any config, and metrics by a function of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from results_records import make_history, make_run

from jaxstable.config import Config
from jaxstable.results.sweep_result import SweepResult
from jaxstable.training.grid import expand
from jaxstable.training.record import Run

UNREACHED = {"recon": 0.0, "sparse": 0.01, "acyclic": 0.02, "disen": 0.0}


def make_sweep(grid: Any, measure: Callable[[Config], dict] | None = None, truth: bool = True) -> SweepResult:
    """A sweep whose lanes record what `measure` says of their config; "status" and "epochs" are the run's own."""
    return SweepResult([make_lane(config, measure, truth) for config in expand(Config(), grid)])


def make_lane(config: Config, measure: Callable[[Config], dict] | None, truth: bool) -> Run:
    changes = dict(measure(config)) if measure else {}
    status, epochs = changes.pop("status", "FINISHED"), changes.pop("epochs", 4)
    recon = changes.pop("val_recon", 0.1)
    terms = None if recon is None else {"recon": recon, "sparse": 0.0, "acyclic": 0.0, "disen": 0.0}
    if not truth:
        changes |= {"val_f1": None, "val_shd": None}
    history = make_history(epochs, val_loss_components=terms, **changes)
    if status == "DIVERGED" and history:
        history[-1] |= {"status": status, "train_loss": None, "skipped_steps": history[-1]["steps"]}
    kept = make_run().truth if truth else None
    return make_run(config=config, history=history, status=status, truth=kept, params=None)


def codes(findings: Sequence[Any]) -> list[str]:
    return [finding.code for finding in findings]


def the(findings: Sequence[Any], code: str) -> Any:
    """The one finding of a code."""
    [finding] = [finding for finding in findings if finding.code == code]
    return finding
