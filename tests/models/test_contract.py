"""What every model that trains on windows must keep: one table of models, one set of tests."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable.config import Config, ConfigError
from jaxstable.data.windows import Windows
from jaxstable.models.base import LossTerms, Model
from jaxstable.models.registry import MODELS, model_of

N_VARS, LENGTH, N_WINDOWS = 5, 6, 12
INDEX = (3, 7, 0, 11)


def numbers(kind):
    """Rows of values and mask; NaN never reaches a model, zero stands where nothing was observed."""
    rng = np.random.default_rng(0)
    shape = (N_WINDOWS + LENGTH - 1, N_VARS)
    values, mask = rng.normal(size=shape), np.ones(shape)
    if kind == "zeros":
        values[:] = 0.0
    elif kind == "constants":
        values[:] = np.arange(1.0, N_VARS + 1)
    elif kind == "nothing observed":
        mask[:] = 0.0
    elif kind == "a dead sensor":
        mask[:, 2] = 0.0
    elif kind == "one value observed":
        mask[:] = 0.0
        mask[5, 1] = 1.0
    elif kind == "huge":
        values *= 1e4
    elif kind == "half missing":
        mask = (rng.random(shape) < 0.5) * 1.0
    return values * mask, mask


KINDS = ("zeros", "constants", "nothing observed", "a dead sensor", "one value observed", "huge", "half missing")


def windows(kind):
    rows = [jnp.asarray(array, jnp.float32) for array in numbers(kind)]
    return Windows(*rows, jnp.arange(N_WINDOWS, dtype=jnp.int32), LENGTH)


WINDOW_MODELS = [name for name in sorted(MODELS) if model_of(Config(model=name)).epoch_steps is None]


@pytest.fixture(scope="module", params=WINDOW_MODELS)
def model(request):
    return model_of(Config(model=request.param))


@pytest.fixture(scope="module")
def params(model):
    return model.init(jax.random.key(0), N_VARS)


@pytest.fixture(scope="module")
def terms_and_gradients(model):
    """Compiled once a batch size: the four terms, and the gradient of each."""

    @functools.partial(jax.jit, static_argnums=0)
    def run(inputs_length, rows, mask, starts, index, params, key):
        batch = model.batch(Windows(rows, mask, starts, inputs_length), index)
        loss = functools.partial(model.loss, batch=batch, key=key, progress=jnp.float32(1.0))
        return loss(params), jax.jacrev(loss)(params)

    def of(inputs, index, params, key=0):
        index = jnp.asarray(index, jnp.int32)
        return run(inputs.length, inputs.values, inputs.mask, inputs.starts, index, params, jax.random.key(key))

    return of


def assert_all_close(left, right, rtol=1e-4):
    for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-6)


def test_model_is_hashable_and_the_same_object_for_the_same_config(model):
    config = next(Config(model=name) for name in MODELS if model_of(Config(model=name)) == model)
    assert isinstance(model, Model)
    assert hash(model) == hash(model_of(config.replace(lambda_sparse=0.5, seed=3)))


def test_parameters_are_float32_and_drawn_from_the_key(model, params):
    leaves = jax.tree.leaves(params)
    assert all(leaf.dtype == jnp.float32 and np.isfinite(leaf).all() for leaf in leaves)
    again, other = (jax.tree.leaves(model.init(jax.random.key(seed), N_VARS)) for seed in (0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(leaves, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(leaves, other, strict=True))


def test_adjacency_is_a_nonnegative_stack_of_lags(model, params):
    adjacency = model.adjacency(params)
    assert adjacency.ndim == 3
    assert adjacency.shape[1:] == (N_VARS, N_VARS)
    assert adjacency.dtype == jnp.float32
    assert (np.asarray(adjacency) >= 0).all()
    assert np.any(np.asarray(adjacency) > 0)


def test_structure_is_the_part_of_the_parameters_that_the_adjacency_reads(model, params):
    # Every parameter carries a number of its own, so that the chosen ones can be told.
    marked = jax.tree.unflatten(jax.tree.structure(params), range(len(jax.tree.leaves(params))))
    chosen = set(jax.tree.leaves(model.structure(marked)))
    assert chosen
    gradient = jax.grad(lambda p: jnp.sum(model.adjacency(p)))(params)
    reads = {place for place, leaf in enumerate(jax.tree.leaves(gradient)) if np.any(np.asarray(leaf) != 0)}
    assert reads <= chosen
    assert reads


@pytest.mark.parametrize("kind", KINDS)
def test_terms_and_gradients_are_finite(kind, params, terms_and_gradients):
    terms, gradients = terms_and_gradients(windows(kind), INDEX, params)
    assert isinstance(terms, LossTerms)
    for name, term in terms.items():
        assert term.shape == (), name
        assert term.dtype == jnp.float32, name
        assert np.isfinite(term), name
    for leaf in jax.tree.leaves(gradients):
        assert np.isfinite(leaf).all()


def test_nothing_observed_teaches_nothing(params, terms_and_gradients):
    _, gradients = terms_and_gradients(windows("nothing observed"), INDEX, params)
    assert all(not np.any(np.asarray(leaf)) for leaf in jax.tree.leaves(gradients.recon))


def test_only_padding_is_finite_and_teaches_nothing(params, terms_and_gradients):
    terms, gradients = terms_and_gradients(windows("half missing"), (-1, -1, -1, -1), params)
    assert all(np.isfinite(term) for term in terms.values())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
    assert all(not np.any(np.asarray(leaf)) for leaf in jax.tree.leaves(gradients.recon))


def test_padding_does_not_count(params, terms_and_gradients):
    data = windows("half missing")
    bare = terms_and_gradients(data, INDEX, params)
    padded = terms_and_gradients(data, (*INDEX, -1, -1, -1), params)
    assert_all_close(bare, padded)


def test_place_of_the_padding_does_not_matter(params, terms_and_gradients):
    data = windows("half missing")
    left = terms_and_gradients(data, (*INDEX, -1, -1, -1), params)
    right = terms_and_gradients(data, (-1, INDEX[2], -1, INDEX[0], INDEX[3], -1, INDEX[1]), params)
    assert_all_close(left, right)


def test_what_lies_under_padding_does_not_matter(params, terms_and_gradients):
    # Padding gathers some window, the first one here, and must not show what is in it.
    data = windows("half missing")
    spoilt = Windows(data.values.at[:LENGTH].set(1e3), data.mask, data.starts, LENGTH)
    index = (6, 7, 8, 11, -1, -1, -1)
    assert_all_close(terms_and_gradients(data, index, params), terms_and_gradients(spoilt, index, params), rtol=1e-6)


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match=r"model: found 'rcgn', expected one of .*rcgnn_latent"):
        model_of(Config(model="rcgn"))
    with pytest.raises(ConfigError, match=r"acyclicity: found 'none', expected one of 'auto', 'power'"):
        model_of(Config(acyclicity="none"))
