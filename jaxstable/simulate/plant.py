"""A synthetic process plant with a known graph: the data that the package carries with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jaxstable.simulate import corruption
from jaxstable.simulate.systems import SHAPES, recur

_BURN_IN = 300


class Sensors(NamedTuple):
    """Readings of the plant.

    Attributes:
        values: [time, sensors] float64 in physical units, NaN where missing.
        mask: [time, sensors] bool, True where observed.
        names: name of each sensor.
        units: unit of each sensor.
        lagged_truth: [lag, cause, effect] bool, lag 0 first, lags in time steps; no self loops.
    """

    values: np.ndarray
    mask: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    lagged_truth: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """Return the summary graph [cause, effect]: an edge at any lag."""
        return np.any(self.lagged_truth, axis=0)


# name, unit, operating point, scale of a unit of the standardised state, own effect at lag 1
_PLANT = (
    ("feed_flow", "m3/h", 118.0, 7.5, 0.60),
    ("feed_temp", "degC", 24.0, 1.6, 0.70),
    ("steam_valve", "%", 46.0, 6.0, 0.50),
    ("jacket_temp", "degC", 138.0, 4.2, 0.55),
    ("reactor_temp", "degC", 86.0, 1.3, 0.45),
    ("reactor_pressure", "kPa", 845.0, 24.0, 0.40),
    ("reactor_level", "m", 3.2, 0.14, 0.55),
    ("coolant_valve", "%", 38.0, 5.0, 0.45),
    ("motor_current", "A", 41.0, 2.1, 0.35),
    ("vibration", "mm/s", 2.9, 0.25, 0.40),
    ("offgas_co2", "ppm", 2150.0, 130.0, 0.50),
    ("ph", "pH", 7.1, 0.12, 0.50),
    ("conductivity", "uS/cm", 1420.0, 55.0, 0.45),
)
# cause, effect, lag, weight, shape
_EFFECTS = (
    ("feed_flow", "motor_current", 0, 0.70, "linear"),
    ("motor_current", "vibration", 0, 0.75, "convex"),
    ("feed_flow", "reactor_level", 1, 0.45, "linear"),
    ("feed_temp", "reactor_temp", 1, 0.35, "linear"),
    ("steam_valve", "jacket_temp", 1, 0.60, "saturating"),
    ("jacket_temp", "reactor_temp", 1, 0.45, "linear"),
    ("coolant_valve", "reactor_temp", 2, -0.40, "saturating"),
    (
        "reactor_temp",
        "coolant_valve",
        1,
        0.40,
        "linear",
    ),  # the temperature controller: a lagged loop
    ("reactor_temp", "reactor_pressure", 0, 0.70, "convex"),
    ("reactor_level", "reactor_pressure", 0, 0.45, "linear"),
    ("reactor_level", "motor_current", 0, 0.40, "linear"),
    ("reactor_pressure", "offgas_co2", 0, 0.60, "linear"),
    ("reactor_temp", "offgas_co2", 1, 0.35, "linear"),
    ("reactor_temp", "ph", 0, -0.55, "saturating"),
    ("ph", "conductivity", 0, -0.65, "linear"),
    ("feed_flow", "conductivity", 2, -0.45, "wavy"),
)


def sensors(
    n_steps: int = 3000,
    seed: int = 0,
    missing: float = 0.1,
    noise: float = 0.1,
    drift: float = 0.1,
) -> Sensors:
    """Simulate 13 sensors of a heated stirred reactor with its controller.

    The graph is fixed: 8 instantaneous and 8 lagged effects (lags 1 and 2), six of them nonlinear,
    one feedback loop over time. Half of the missing entries fall at random, half in runs of about
    12 rows. All effects have slope <= 1 and the system is stable with the absolute weights, so the
    readings are stationary for every seed.

    Args:
        n_steps: rows, >= 1; one row is one minute.
        seed: seed of the disturbances and the faults; the same seed gives the same bytes.
        missing: share of entries missing, in [0, 1).
        noise: standard deviation of the measurement noise over that of the sensor, >= 0.
        drift: standard deviation of a slow calibration drift over that of the sensor, >= 0.

    Returns:
        Readings, mask, names, units and the true graph.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> plant = sensors(n_steps=500)
        >>> plant.values.shape, plant.names[5], plant.units[5]
        ((500, 13), 'reactor_pressure', 'kPa')
        >>> plant.lagged_truth.sum(axis=(1, 2)).tolist()
        [8, 6, 2]
    """
    if not 0 <= missing < 1:
        raise ValueError(f"missing is {missing}; expected a share in [0, 1)")
    for name, value in (("noise", noise), ("drift", drift)):
        if value < 0:
            raise ValueError(f"{name} is {value}; expected a share >= 0 of each sensor's deviation")
    if n_steps < 1:
        raise ValueError(f"n_steps is {n_steps}; expected at least 1 row")
    names = tuple(row[0] for row in _PLANT)
    units = tuple(row[1] for row in _PLANT)
    centre, scale = (np.array([row[k] for row in _PLANT]) for k in (2, 3))
    shocks = np.random.default_rng([seed, 0]).standard_normal((n_steps + _BURN_IN, len(names)))
    weights = plant_weights()
    state = recur(weights, 0.6 * shocks)[_BURN_IN:]
    half = 1.0 - np.sqrt(1.0 - missing)
    faults = corruption.compose(
        corruption.noise(noise, seed),
        corruption.drift(drift, seed=seed),
        corruption.missing_at_random(half, seed),
        corruption.missing_blocks(half, 12.0, seed),
    )
    values, mask = faults(centre + scale * state)
    own = np.eye(len(names), dtype=bool)
    truth = (sum(np.abs(w) for w in weights.values()) > 0) & ~own
    return Sensors(values, mask, names, units, truth)


def plant_weights() -> dict[str, np.ndarray]:
    """Return the plant's effects, own ones included, one tensor [lag, cause, effect] per shape.

    Returns:
        Arrays of shape [3, 13, 13], keyed by the names of `SHAPES`; in units of
        the standardised state.

    Example:
        >>> sorted(plant_weights())
        ['convex', 'linear', 'saturating', 'wavy']
    """
    index = {row[0]: k for k, row in enumerate(_PLANT)}
    weights = {name: np.zeros((3, len(index), len(index))) for name in SHAPES}
    for name, _, _, _, own in _PLANT:
        weights["linear"][1, index[name], index[name]] = own
    for cause, effect, lag, weight, shape in _EFFECTS:
        weights[shape][lag, index[cause], index[effect]] = weight
    return weights
