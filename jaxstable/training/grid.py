"""Which configs a sweep trains: products, lists, spaced and random values, and grids with a name."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from jaxstable.config import Config, ConfigError
from jaxstable.phrases import shortened

__all__ = ["NAMED_GRIDS", "expand", "log_spaced", "random_points"]

NAMED_GRIDS: dict[str, dict[str, list[float]]] = {
    "structure": {
        "lambda_recon": [1.0, 10.0, 100.0],
        "lambda_sparse": [1e-4, 1e-3, 1e-2],
        "lambda_acyclic": [1e-6, 1e-5, 1e-4],
    },
    "penalties": {
        "lambda_sparse": [1e-5, 1e-4, 1e-3],
        "lambda_acyclic": [1e-7, 1e-6, 1e-5],
    },
}

MOST_LANES = 100_000  # each has a config, a log and arrays of its own

Grid = str | Mapping[str, Iterable[Any]] | Sequence[Config | Mapping[str, Any]]


def expand(config: Config, grid: Grid) -> list[Config]:
    """Return the configs of a grid, in the order of its last axis first.

    Args:
        config: What every lane has in common.
        grid: The name of a grid, a mapping from fields to their values (their product is taken), or a list of
            configs or of mappings of changed fields.

    Returns:
        One config per lane.

    Raises:
        ConfigError: The grid is empty, its name or a field is unknown, or a value is refused.

    Example:
        >>> lanes = expand(Config(), {"lambda_sparse": [1e-4, 1e-3], "seed": range(2)})
        >>> [(lane.lambda_sparse, lane.seed) for lane in lanes]
        [(0.0001, 0), (0.0001, 1), (0.001, 0), (0.001, 1)]
    """
    if isinstance(grid, str):
        if grid not in NAMED_GRIDS:
            raise ConfigError(f"grid: found {grid!r}, expected one of {', '.join(NAMED_GRIDS)}")
        grid = NAMED_GRIDS[grid]
    if isinstance(grid, Mapping):
        axes = {name: checked_values(name, values) for name, values in grid.items()}
        _check_lanes(math.prod(map(len, axes.values())))
        points: list[Any] = [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]
    elif isinstance(grid, Iterable) and not isinstance(grid, (bytes, Set)):
        points = list(itertools.islice(grid, MOST_LANES + 1))
        _check_lanes(len(points))
    else:
        points = [grid]
    for point in points:
        changes = point if isinstance(point, Mapping) else {}
        if not isinstance(point, (Config, Mapping)) or not all(isinstance(name, str) for name in changes):
            raise ConfigError(
                f"grid: found {shortened(point)}, expected a mapping of fields to lists of values, a list of configs "
                f"or of mappings, or one of {', '.join(NAMED_GRIDS)}"
            )
    if not points:
        raise ConfigError("grid: it has no lane; give at least one value for every field")
    return [point if isinstance(point, Config) else config.replace(**point) for point in points]


def axes_of(configs: Sequence[Config]) -> list[str]:
    """Return the fields that differ between configs, in the config's own order."""
    first = configs[0].to_dict()
    return [name for name in first if any(getattr(config, name) != first[name] for config in configs)]


def static_fields(config: Config) -> tuple[Any, ...]:
    """Return what lanes must share to be one compiled program: all but the floats and the seed.

    Of a loss weight they must share whether it is 0: such a term is no part of the program; so with spikes.
    """
    fields = config.to_dict()
    switches = ("clip_spikes", *(name for name in fields if name.startswith("lambda_")))
    muted = [name for name in switches if np.float32(fields[name]) == 0]
    return (*muted, *(value for name, value in fields.items() if name != "seed" and not isinstance(value, float)))


def log_spaced(low: float, high: float, count: int) -> list[float]:
    """Return `count` values from `low` to `high`, evenly spaced in the logarithm.

    Example:
        >>> log_spaced(1e-4, 1e-2, 3)
        [0.0001, 0.001, 0.01]
    """
    check_range("log_spaced", low, high)
    if count < 2:
        raise ConfigError(f"log_spaced: found {count} values, expected at least 2")
    step = (math.log10(high) - math.log10(low)) / (count - 1)
    # Twelve digits: 0.001 stays 0.001.
    return [float(f"{10 ** (math.log10(low) + i * step):.12g}") for i in range(count)]


def random_points(count: int, seed: int = 0, **ranges: Any) -> list[dict[str, Any]]:
    """Draw points at random: a pair of floats is log-uniform between them, a list is drawn from.

    Args:
        count: Number of points, >= 1.
        seed: Seed of the draw; the same seed gives the same points.
        **ranges: Fields, each with a pair (low, high) of floats > 0 or a list of values.

    Returns:
        Mappings for `expand` or `sweep`.

    Raises:
        ConfigError: A range is empty or not positive.

    Example:
        >>> points = random_points(2, lambda_sparse=(1e-5, 1e-2), batch_size=[8, 16])
        >>> [sorted(point) for point in points]
        [['batch_size', 'lambda_sparse'], ['batch_size', 'lambda_sparse']]
    """
    if count < 1:
        raise ConfigError(f"random_points: found {count} points, expected at least 1")
    rng = np.random.default_rng(seed)

    def draw(name: str, allowed: Any) -> Any:
        if isinstance(allowed, tuple) and len(allowed) == 2:
            check_range(name, *allowed)
            return float(np.exp(rng.uniform(*np.log(allowed))))
        values = checked_values(name, allowed)
        return values[int(rng.integers(len(values)))]

    return [{name: draw(name, allowed) for name, allowed in ranges.items()} for _ in range(count)]


def checked_values(name: str, values: Any) -> list[Any]:
    """Return the values of a field as a list; refuse none, text, and a set, whose order changes from run to run."""
    if isinstance(values, (str, bytes, Set)) or not isinstance(values, Iterable):
        raise ConfigError(f"{name}: found {shortened(values)}, expected a list of values for the grid")
    found = list(itertools.islice(values, MOST_LANES + 1))
    _check_lanes(len(found))
    if not found:
        raise ConfigError(f"{name}: found no value; give at least one, or leave the field out of the grid")
    return found


def _check_lanes(count: int) -> None:
    if count > MOST_LANES:
        many = count if count > MOST_LANES + 1 else f"more than {MOST_LANES}"
        raise ConfigError(f"grid: found {many} lanes, expected at most {MOST_LANES}; grids.random_points draws some")


def check_range(name: str, low: float, high: float) -> None:
    """Refuse a range that is empty or not positive."""
    if not 0 < low < high < math.inf:
        raise ConfigError(f"{name}: found the range ({low}, {high}), expected 0 < low < high")


def __dir__() -> list[str]:
    return __all__
