"""Simulated systems of many kinds, for figures that must not hang on one size, shape of data or fault."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.simulate import corruption
from jaxstable.simulate.systems import svar, var

SCENARIOS = ("clean", "20 % missing", "40 % missing", "compound")


class System(NamedTuple):
    """Series with faults, the true graph `[lag, cause, effect]`, and what was simulated."""

    values: NDArray[np.float64]
    truth: NDArray[np.bool_]
    facts: dict[str, Any]


def scenario(kind: str, faults: str, seed: int) -> System:
    """Return a system of the scenario grid: 13 variables, 3,000 rows, 13 instantaneous and 13 lagged edges.

    Args:
        kind: "linear" or "nonlinear".
        faults: one of SCENARIOS; compound is noise 0.3, drift 0.3 and 25 % missing not at random.
        seed: seed of system and faults.
    """
    parts = {
        "clean": [],
        "20 % missing": [corruption.missing_at_random(0.2, seed)],
        "40 % missing": [corruption.missing_at_random(0.4, seed)],
        "compound": [
            corruption.noise(0.3, seed),
            corruption.drift(0.3, seed=seed),
            corruption.missing_not_at_random(0.25, seed=seed),
        ],
    }[faults]
    system = svar(nonlinear=kind == "nonlinear", seed=seed)
    return _corrupted(system, parts, {"kind": kind, "faults": faults, "seed": seed})


def any_system(seed: int) -> System:
    """Return a system of a random kind: 4-18 variables, 300-3,000 rows, sparse or dense, whole or faulty."""
    rng = np.random.default_rng([seed, 77])
    n_vars, n_steps = int(rng.choice([4, 6, 9, 13, 18])), int(rng.choice([300, 600, 1200, 3000]))
    missing, noise = float(rng.choice([0.0, 0.2, 0.4])), float(rng.choice([0.0, 0.0, 0.15, 0.3, 0.5]))
    drift, selective = float(rng.choice([0.0, 0.0, 0.3])), bool(rng.random() < 0.2)
    facts = {"seed": seed, "n_vars": n_vars, "n_steps": n_steps, "missing": missing, "noise": noise, "drift": drift}
    if rng.random() < 0.15:
        system = var(n_vars, n_steps, n_lags=int(rng.integers(1, 3)), sparsity=max(0.2, 2.5 / n_vars), seed=seed)
        facts["kind"] = "var"
    else:
        instant, lagged = (round(n_vars * float(rng.choice([0.5, 1.0, 1.5]))) for _ in range(2))
        nonlinear = bool(rng.random() < 0.5)
        instant = min(instant, n_vars * (n_vars - 1) // 2)
        system = svar(n_vars, n_steps, int(rng.integers(1, 3)), instant, lagged, nonlinear, seed)
        facts["kind"] = "nonlinear" if nonlinear else "linear"
    parts = [corruption.noise(noise, seed)] if noise else []
    parts += [corruption.drift(drift, seed=seed)] if drift else []
    if missing and selective:
        facts["kind"] += ", not at random"
        parts += [corruption.missing_not_at_random(missing, seed=seed)]
    elif missing:
        parts += [corruption.missing_at_random(missing, seed)]
    return _corrupted(system, parts, facts)


def _corrupted(system: Any, parts: list[Any], facts: dict[str, Any]) -> System:
    values, mask = corruption.compose(*parts)(system.values)
    return System(np.where(mask, values, np.nan), system.lagged_truth, facts)
