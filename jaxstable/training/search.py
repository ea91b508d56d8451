"""Search beyond a grid: rounds of lanes, each placed by what the rounds before have shown."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jaxstable.config import Config, ConfigError
from jaxstable.files.table import QUALITIES, better, default_metric, table_row
from jaxstable.training.grid import check_range, checked_values
from jaxstable.training.record import Run

Space = Mapping[str, Any]
Train = Callable[[int, Sequence[Config]], Sequence[Run]]  # number of the round and its configs, to their runs

ROUND = "round-{}"  # directory of a round


def search_lanes(
    config: Config, space: Space, train: Train, *, by: str, rounds: int = 4, lanes: int = 16, seed: int = 0
) -> list[Run]:
    """Ask for a round of points, train them as lanes of one program, tell what came out, and so on.

    The points come from Optuna's tree-structured Parzen estimator. A lane that has diverged counts as the
    worst value there is.

    Args:
        config: What all lanes have in common.
        space: Fields, each with a pair (low, high) of numbers or a list of values. Floats are searched in the
            logarithm, integers as they are.
        train: Trains one round.
        by: Column of the table to search by; only "val_f1" is better when larger.
        rounds: Rounds, >= 1.
        lanes: Lanes of a round, >= 1.
        seed: Seed of the points; the same seed gives the same ones.

    Returns:
        The runs of all rounds, in order.

    Raises:
        ConfigError: The space is empty, or a field, a range or a number is refused.
        ImportError: Optuna is not installed.

    Reference: Akiba et al., Optuna: A Next-generation Hyperparameter Optimization Framework, 2019; Bergstra et
    al., Algorithms for Hyper-Parameter Optimization, 2011.
    """
    for name, count in (("rounds", rounds), ("lanes", lanes)):
        if count < 1:
            raise ConfigError(f"{name}: found {count}, expected at least 1")
    optuna = _optuna()
    distributions = {name: _distribution(config, name, allowed) for name, allowed in space.items()}
    if not distributions:
        raise ConfigError("space: it has no field; give at least one, such as {'lambda_sparse': (1e-5, 1e-2)}")
    # The lanes of a round must not all crowd at the same best guess.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of constant_liar, before Optuna 5
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=lanes, constant_liar=True)
    study = optuna.create_study(sampler=sampler, direction="maximize" if better(by) > 0 else "minimize")
    runs: list[Run] = []
    for number in range(rounds):
        trials = [study.ask(distributions) for _ in range(lanes)]
        trained = train(number, [config.replace(**trial.params) for trial in trials])
        for lane, (trial, run) in enumerate(zip(trials, trained, strict=True)):
            score = table_row(lane, run.config, run.history, run.status)[by]
            lost = run.status == "DIVERGED" or score is None
            study.tell(trial, -better(by) * math.inf if lost else score)
        runs += trained
    return runs


def checked_score(by: str | None, has_truth: bool) -> str:
    """Return the column to search by.

    Raises:
        ConfigError: There is no such column, or it needs the true graph.
    """
    by = by or default_metric(has_truth)
    known = [name for name in QUALITIES if has_truth or name not in ("val_f1", "val_shd")]
    if by not in known:
        raise ConfigError(f"by: found {by!r}, expected one of {', '.join(known)}")
    return by


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError("search needs Optuna: pip install optuna") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _distribution(config: Config, name: str, allowed: Any) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(allowed, tuple) or len(allowed) != 2:
        values = checked_values(name, allowed)
        for value in values:
            config.replace(**{name: value})
        return CategoricalDistribution(values)
    check_range(name, *allowed)
    # Both ends pass the config's own check, so that every point between them does.
    low, high = (getattr(config.replace(**{name: end}), name) for end in allowed)
    if isinstance(low, float):
        return FloatDistribution(low, high, log=True)
    return IntDistribution(low, high)
