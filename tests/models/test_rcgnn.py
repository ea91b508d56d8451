"""The reference model: its gate, its losses against a naive float64 program, torch's parameters, its one fault."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable.data.windows import Batch
from jaxstable.models.latent_decoder import LATENT_BLOCKS, params_from_torch, top_share_gate
from jaxstable.models.rcgnn import RCGNN

N_VARS = 5


def gate(logits):
    return np.asarray(top_share_gate(jnp.asarray(logits, jnp.float32)))


@pytest.mark.parametrize(("n_vars", "n_kept"), [(2, 1), (3, 1), (4, 1), (5, 2), (10, 10), (13, 16), (40, 160)])
def test_exactly_the_tenth_part_is_kept(n_vars, n_kept):
    logits = np.random.default_rng(n_vars).normal(size=(n_vars, n_vars)).astype(np.float32)
    found = gate(logits)
    kept = found > 0
    assert kept.sum() == n_kept
    assert logits[kept].min() > logits[~kept].max()
    np.testing.assert_allclose(found[kept], 1 / (1 + np.exp(-logits[kept])), rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, -5.0, 100.0])
def test_of_ties_the_first_are_kept(value):
    kept = gate(np.full((5, 5), value)) > 0
    assert np.flatnonzero(kept).tolist() == [0, 1]
    mixed = np.full((5, 5), value)
    mixed[3, 3] = value + 1
    assert np.flatnonzero(gate(mixed) > 0).tolist() == [0, 18]


def test_gradient_flows_through_kept_entries_only():
    logits = jnp.asarray(np.random.default_rng(0).normal(size=(6, 6)), jnp.float32)
    gates, gradient = top_share_gate(logits), jax.grad(lambda x: jnp.sum(top_share_gate(x)))(logits)
    np.testing.assert_allclose(gradient, gates * (1 - gates) * (gates > 0), rtol=1e-5)
    assert np.count_nonzero(gradient) == 3


def test_gate_is_the_same_under_vmap():
    logits = jnp.asarray(np.random.default_rng(1).normal(size=(4, 5, 5)).round(1), jnp.float32)  # with ties
    np.testing.assert_array_equal(jax.vmap(top_share_gate)(logits), [gate(one) for one in logits])


def torch_like(rng, n_vars):
    """Parameters as torch's state_dict holds them."""
    state = {"structure_learner.A_base": rng.normal(size=(n_vars, n_vars))}
    shapes = {"0": (32, n_vars), "2": (16, 32)}
    for block in LATENT_BLOCKS:
        for layer, shape in shapes.items():
            name = f"tri_encoder.{block}_encoder.{layer}"
            state |= {f"{name}.weight": rng.normal(size=shape), f"{name}.bias": rng.normal(size=shape[0])}
    for layer, shape in {"0": (32, 48), "2": (n_vars, 32)}.items():
        name = f"decoder.{layer}"
        state |= {f"{name}.weight": 0.1 * rng.normal(size=shape), f"{name}.bias": rng.normal(size=shape[0])}
    return state


def naive_terms(state, values, mask):
    """The four terms as FACTS.md describes them, in float64, one matrix and one pair after the other."""

    def mlp(name, x):
        hidden = np.maximum(x @ state[f"{name}.0.weight"].T + state[f"{name}.0.bias"], 0)
        return hidden @ state[f"{name}.2.weight"].T + state[f"{name}.2.bias"]

    n_vars = values.shape[-1]
    latents = [mlp(f"tri_encoder.{block}_encoder", values) for block in LATENT_BLOCKS]
    decoded = mlp("decoder", np.concatenate(latents, axis=-1))
    base = state["structure_learner.A_base"].ravel()
    adjacency = np.zeros(n_vars * n_vars)
    kept = np.argsort(-base)[: max(1, int(0.1 * n_vars * n_vars))]
    adjacency[kept] = 1 / (1 + np.exp(-base[kept]))
    adjacency = adjacency.reshape(n_vars, n_vars)
    power = np.linalg.matrix_power(np.eye(n_vars) + adjacency / n_vars, 3)
    disen = 0.0
    for a, b in ((0, 1), (0, 2), (1, 2)):
        pair = np.concatenate([latents[k].reshape(-1, 16) for k in (a, b)], axis=1)
        pair = (pair - pair.mean(axis=0)) / (pair.std(axis=0, ddof=1) + 1e-8)
        disen += np.abs(pair.T @ pair / (len(pair) - 1)).mean()
    return np.mean(((decoded - values) * mask) ** 2), np.abs(adjacency).mean(), np.trace(power) - n_vars, disen


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(3)
    mask = (rng.random((4, 7, N_VARS)) < 0.7).astype(float)
    state = torch_like(rng, N_VARS)
    state["structure_learner.A_base"][[1, 3], [3, 1]] = 3.1, 2.9  # the two that are kept close a cycle
    return state, rng.normal(size=(4, 7, N_VARS)), mask


def batch_of(values, mask):
    arrays = [jnp.asarray(array, jnp.float32) for array in (values, mask)]
    return Batch(*arrays, jnp.ones(len(values), jnp.float32))


def test_terms_equal_a_naive_program(case):
    state, values, mask = case
    terms = jax.jit(RCGNN().loss)(params_from_torch(state), batch_of(values, mask), jax.random.key(0), jnp.float32(1.0))
    expected = naive_terms(state, values, mask)
    assert tuple(terms) == ("recon", "sparse", "acyclic", "disen")
    np.testing.assert_allclose(list(terms.values()), expected, rtol=2e-5, atol=1e-6)
    assert expected[2] > 1e-3


def test_gradients_equal_finite_differences_of_the_naive_program(case):
    state, values, mask = case
    loss = functools.partial(
        RCGNN().loss, batch=batch_of(values, mask), key=jax.random.key(0), progress=jnp.float32(1.0)
    )
    gradients = jax.tree.map(np.float64, jax.jit(jax.jacrev(loss))(params_from_torch(state)))
    rng, step = np.random.default_rng(4), 1e-6
    for name in state:
        direction = {key: np.zeros_like(value) for key, value in state.items()}
        direction[name] = rng.normal(size=state[name].shape)
        above, below = ({k: v + move * direction[k] for k, v in state.items()} for move in (step, -step))
        ends = [np.array(naive_terms(place, values, mask)) for place in (above, below)]
        expected = (ends[0] - ends[1]) / (2 * step)
        along = jax.tree.map(np.float64, params_from_torch(direction))
        found = [sum(np.vdot(gradient[leaf], along[leaf]) for leaf in along) for gradient in gradients.values()]
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("acyclicity", ["power", "expm"])
def test_reconstruction_never_reaches_the_adjacency(acyclicity, case):
    state, values, mask = case
    model = RCGNN("latent", acyclicity)
    loss = functools.partial(model.loss, batch=batch_of(values, mask), key=jax.random.key(0), progress=jnp.float32(1.0))
    gradients = jax.jit(jax.jacrev(loss))(params_from_torch(state))
    to_adjacency = {name: np.asarray(model.structure(gradient)) for name, gradient in gradients.items()}
    reached = {name: bool(gradient.any()) for name, gradient in to_adjacency.items()}
    assert reached == {"recon": False, "sparse": True, "acyclic": True, "disen": False}
    assert (to_adjacency["sparse"] >= 0).all()  # what does reach it can only push edges down
    assert (to_adjacency["acyclic"] >= 0).all()


def test_parameters_of_the_small_recording(shared):
    with np.load(shared / "golden" / "small.npz") as file:
        names = [name for name in file.files if name.startswith("stable.init.")]
        state = {name.removeprefix("stable.init."): file[name] for name in names}
    params = params_from_torch(state)
    own = RCGNN().init(jax.random.key(0), 6)
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, own)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == sum(value.size for value in state.values()) - 1
    for name in own:  # both start from the same distribution
        assert np.abs(params[name]).max() == pytest.approx(np.abs(own[name]).max(), rel=0.35), name


def test_missing_torch_parameter_is_named(case):
    state = dict(case[0])
    del state["decoder.2.bias"]
    with pytest.raises(KeyError, match=r"decoder\.2\.bias"):
        params_from_torch(state)


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="decoder: found 'deep', expected"):
        RCGNN("deep")
    with pytest.raises(ValueError, match="acyclicity: found 'deep', expected one of power"):
        RCGNN(acyclicity="deep")
