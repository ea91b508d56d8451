"""Contract of every acyclicity penalty, against float64 formulas of its own."""

from __future__ import annotations

import functools
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from jaxstable.objective.acyclicity import PENALTIES, geometric, logdet, power

NAMES = list(PENALTIES)
SMOOTH = [name for name in NAMES if name != "spectral_radius"]


@functools.cache
def value_and_grad(name: str):
    return jax.jit(jax.value_and_grad(PENALTIES[name].function))


def run(name: str, weights: np.ndarray) -> tuple[float, np.ndarray]:
    value, gradient = value_and_grad(name)(jnp.asarray(weights, jnp.float32))
    return float(value), np.asarray(gradient)


def tail(value: float) -> float:
    return value if value <= 1e6 else 1e6 * (1 + np.log(value / 1e6))


def true_power(weights, degree=3):
    n = len(weights)
    return tail(np.trace(np.linalg.matrix_power(np.eye(n) + weights / n, degree)) - n)


def true_geometric(weights):
    total, term = 0.0, np.eye(len(weights))
    for _ in range(1 << (len(weights) - 1).bit_length()):
        term = term @ weights
        total += np.trace(term)
    return tail(total)


def true_logdet(weights):
    n = len(weights)

    def slope(sigma):
        return np.trace(weights @ np.linalg.inv(sigma * np.eye(n) - weights)) - 100.0

    radius = true_radius(weights)
    sigma = 1.0
    if radius >= 1 or slope(1.0) > 0:
        low = max(radius * (1 + 1e-9), 1.0)
        sigma = scipy.optimize.brentq(slope, low, 2 * n * (radius + 1), xtol=1e-13)
    rest = np.linalg.slogdet(np.eye(n) - weights / sigma)[1]
    return 100 * np.log(sigma) - rest


def true_radius(weights):
    return float(np.abs(np.linalg.eigvals(weights)).max())


TRUE = {
    "power": true_power,
    "polynomial": lambda weights: true_power(weights, len(weights)),
    "geometric": true_geometric,
    "expm": lambda weights: tail(np.trace(scipy.linalg.expm(weights)) - len(weights)),
    "logdet": true_logdet,
    "spectral_radius": true_radius,
}


def random_dag(n: int, rng: np.random.Generator, density: float = 1.0, scale: float = 1.0):
    upper = np.triu(rng.uniform(0.1, scale, (n, n)) * (rng.random((n, n)) < density), 1)
    order = rng.permutation(n)
    return upper[np.ix_(order, order)]


def ring(n: int, length: int, weight: float = 1.0) -> np.ndarray:
    weights = np.zeros((n, n))
    weights[np.arange(length), (np.arange(length) + 1) % length] = weight
    return weights


def cyclic_cases(n: int):
    rng = np.random.default_rng(n)
    edges = rng.random((n, n)) < 0.15
    yield "dense", rng.uniform(0.0, 1.0, (n, n))
    yield "dense small", rng.uniform(0.0, 0.5 / n, (n, n))
    yield "dense large", rng.uniform(0.0, 6.0, (n, n))
    yield "sparse", ring(n, n, 0.6) + rng.uniform(0.1, 0.5, (n, n)) * edges


def close_to(found, expected, relative):
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(found, expected, rtol=relative, atol=relative * scale)


def test_every_penalty_is_described():
    assert {"power", "geometric", "expm", "logdet", "spectral_radius"} <= set(PENALTIES)
    for penalty in PENALTIES.values():
        assert all(len(text) > 10 for text in penalty[1:])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [2, 13])
def test_value_equals_the_float64_formula(name, n):
    for kind, weights in cyclic_cases(n):
        assert run(name, weights)[0] == pytest.approx(TRUE[name](weights), rel=2e-4), kind


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [2, 13])
def test_gradient_equals_finite_differences(name, n):
    rng = np.random.default_rng(3)
    for kind, weights in cyclic_cases(n):
        gradient = run(name, weights)[1]
        for direction in [*rng.normal(size=(4, n, n)), np.eye(n), np.eye(n)[::-1]]:
            step = 1e-6 * max(1.0, np.abs(weights).max()) * direction
            slope = TRUE[name](weights + step) - TRUE[name](weights - step)
            expected = slope / 2e-6 / max(1.0, np.abs(weights).max())
            size = np.linalg.norm(gradient) * np.linalg.norm(direction)
            assert np.sum(gradient * direction) == pytest.approx(expected, abs=2e-3 * size), kind


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_on_a_dag_equals_finite_differences(name):
    rng = np.random.default_rng(5)
    weights = random_dag(13, rng, 0.4)
    gradient = run(name, weights)[1]
    for direction in rng.normal(size=(4, 13, 13)):
        slope = TRUE[name](weights + 1e-6 * direction) - TRUE[name](weights - 1e-6 * direction)
        size = np.linalg.norm(gradient) * np.linalg.norm(direction)
        assert np.sum(gradient * direction) == pytest.approx(slope / 2e-6, abs=1e-3 * size)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [2, 13, 300])
def test_exactly_zero_on_dags(name, n):
    rng = np.random.default_rng(n)
    for density, scale in [(0.0, 1.0), (0.3, 1.0), (1.0, 1.0), (1.0, 30.0)]:
        value, gradient = run(name, random_dag(n, rng, density, scale))
        assert value == 0.0, (density, scale)
        assert np.isfinite(gradient).all(), (density, scale)
        assert (gradient >= 0).all(), (density, scale)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weight", [0.3, 1.0, 3.0])
def test_positive_on_cycles_within_its_domain(name, weight):
    for length in range(2, 14):
        value, gradient = run(name, ring(13, length, weight))
        if name == "power" and length > 3:
            assert value == 0.0, "power of degree 3 cannot see a cycle of 4"
            continue
        assert value > 0, length
        around = gradient[np.arange(length), (np.arange(length) + 1) % length]
        assert (around > 0).all(), length


@pytest.mark.parametrize("name", ["geometric", "logdet", "spectral_radius"])
def test_longest_cycle_of_300_is_seen(name):
    around = 0.95**300
    expected = {"geometric": 300 * around, "logdet": -np.log1p(-around), "spectral_radius": 0.95}
    value, gradient = run(name, ring(300, 300, 0.95))
    assert value == pytest.approx(expected[name], rel=1e-3)
    assert gradient[299, 0] > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [2, 13, 300])
def test_finite_in_float32(name, n):
    rng = np.random.default_rng(n)
    dense = rng.uniform(0, 1, (n, n))
    cases = [np.zeros((n, n)), np.ones((n, n)), dense * (dense < 3 / n)]
    cases += [dense * scale for scale in (1e-30, 1e-3, 1.0, 1e3, 1e6)]
    for weights in cases:
        value, gradient = run(name, weights)
        assert np.isfinite(value)
        assert value >= 0
        assert np.isfinite(gradient).all()
        assert np.isfinite(np.sum(np.square(gradient))), "a global norm must not overflow"
    assert run(name, np.ones((n, n)))[1].min() > 0


@pytest.mark.parametrize("name", ["polynomial", "geometric", "expm"])
def test_dense_300_beyond_the_float32_range_equals_float64(name):
    weights = np.random.default_rng(0).uniform(0, 0.6, (300, 300))
    value, gradient = run(name, weights)
    direction = np.eye(300)[::-1]
    if name == "geometric":  # 300 * radius^511 leaves float64 too; its leading term does not
        radius = true_radius(weights)
        expected = 1e6 * (1 + 512 * np.log(radius) - np.log(1 - 1 / radius) - np.log(1e6))
        assert value == pytest.approx(expected, rel=1e-3)
        return
    assert value == pytest.approx(TRUE[name](weights), rel=1e-3)
    slope = TRUE[name](weights + 1e-5 * direction) - TRUE[name](weights - 1e-5 * direction)
    assert np.sum(gradient * direction) == pytest.approx(slope / 2e-5, rel=1e-2)


def test_logdet_never_falls_where_the_plain_formula_turns_negative():
    weights = np.array([[0.0, 1.0], [1.0, 0.0]])
    plain = -np.linalg.slogdet(np.eye(2) - 3.0 * weights)[1]
    assert plain < 0
    scales = np.concatenate([np.linspace(0.0, 2.0, 81), [5.0, 50.0, 1e4]])
    values = np.array([run("logdet", scale * weights)[0] for scale in scales])
    assert (np.diff(values) > 0).all()
    for scale in (0.999, 1.0, 1.001, 3.0):
        assert run("logdet", scale * weights)[1][0, 1] > 1.0


def test_logdet_scale_widens_the_domain():
    weights = jnp.array([[0.0, 1.5], [1.5, 0.0]])
    found = jax.jit(functools.partial(logdet, scale=2.0))(weights)
    assert float(found) == pytest.approx(-np.log(1 - 0.75**2), rel=1e-5)


def test_weak_cycle_beside_a_strong_dag_is_outside_the_logdet_domain():
    weights = np.triu(np.full((40, 40), 2.0), 1)
    weights[38, 39], weights[39, 38] = 1.2, 1.2
    value, gradient = run("logdet", weights)
    assert value > 0
    assert gradient[38, 39] > 0
    assert run("spectral_radius", weights)[0] == pytest.approx(1.2, rel=1e-4)


def test_degrees_are_the_callers_choice():
    weights = jnp.asarray(ring(6, 5))
    for function, seen in [(power, 5 / 6**5), (geometric, 5.0)]:
        at = jax.jit(function, static_argnames="degree")
        assert float(at(weights, degree=4)) == 0.0
        assert float(at(weights, degree=5)) == pytest.approx(seen, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_shape_is_checked_when_traced(name):
    with pytest.raises(AssertionError):
        PENALTIES[name].function(jnp.zeros((2, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_not_hidden(name):
    weights = np.full((13, 13), 0.1)
    weights[2, 3] = np.nan
    assert np.isnan(run(name, weights)[0])


@pytest.mark.parametrize("name", NAMES)
def test_no_lapack_in_a_batched_program(name):
    shape = jax.ShapeDtypeStruct((4, 13, 13), jnp.float32)
    program = jax.jit(jax.vmap(jax.value_and_grad(PENALTIES[name].function))).lower(shape)
    assert "custom_call" not in program.as_text()


LANES = """
import jax, jax.numpy as jnp, numpy as np
from jaxstable.objective.acyclicity import PENALTIES
rng = np.random.default_rng(0)
lanes = rng.uniform(0, 1, (256, 13, 13)) * rng.uniform(0, 1, (256, 1, 1)) ** 4
lanes[::4] = np.triu(lanes[::4], 1)
lanes = jnp.asarray(lanes, jnp.float32)
for name, penalty in PENALTIES.items():
    grad = jax.value_and_grad(penalty.function)
    @jax.jit
    def train(weights):
        def step(weights, _):
            value, gradient = jax.vmap(grad)(weights)
            size = jnp.sqrt(jnp.sum(gradient**2, axis=(1, 2), keepdims=True)) + 1e-9
            return jnp.maximum(weights - 1e-3 * gradient / size, 0.0), value
        return jax.lax.scan(step, weights, None, length=10)
    values = np.asarray(train(lanes)[1])
    alone = jax.jit(penalty.function)
    single = [float(alone(lanes[lane])) for lane in (0, 1, 255)]
    assert np.isfinite(values).all(), name
    np.testing.assert_allclose(values[0, [0, 1, 255]], single, rtol=1e-4, err_msg=name)
    assert (values[:, ::4] == 0).all(), name
    assert values[-1, 1::4].sum() < values[0, 1::4].sum(), name
print("all lanes done")
"""


def test_hundreds_of_lanes_end_in_time():
    ended = subprocess.run([sys.executable, "-c", LANES], capture_output=True, text=True, timeout=240, check=False)
    assert ended.stdout.strip() == "all lanes done", ended.stderr[-2000:]
