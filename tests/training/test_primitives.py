"""What a step is made of: nothing that a GPU would take one element at a time, and nothing that waits for the host."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any

import jax
import pytest

from jaxstable.config import Config
from jaxstable.training.problem import Problem
from jaxstable.training.spec import make_hyper
from jaxstable.training.state import init_state
from jaxstable.training.step import order_of, train_epoch

SERIAL = ("scatter", "sort", "top_k", "callback", "debug", "infeed", "cumsum", "cumlogsumexp", "while", "cholesky")


def inner(equation: Any) -> Iterator[Any]:
    """The programs within an operation."""
    for value in equation.params.values():
        for part in value if isinstance(value, (list, tuple)) else [value]:
            part = getattr(part, "jaxpr", part)
            if hasattr(part, "eqns"):
                yield part


def primitives(program: Any) -> Iterator[str]:
    for equation in program.eqns:
        yield equation.primitive.name
        for part in inner(equation):
            yield from primitives(part)


@pytest.mark.parametrize("model", ["rcgnn_latent", "rcgnn_graph", "svar"])
def test_no_step_scatters_sorts_or_asks_the_host(model, small_dataset):
    problem = Problem(Config.for_model(model), small_dataset)
    hyper, key = make_hyper(problem.config, problem.model), jax.random.key(0)
    state, order = init_state(problem.spec, hyper).train, order_of(problem.spec, key, len(problem.data.train))
    epoch = jax.make_jaxpr(lambda *traced: train_epoch(problem.spec, *traced))
    steps = [step for step in epoch(hyper, state, problem.data.train, order, key).eqns if step.primitive.name == "scan"]
    found = collections.Counter(name for step in steps for part in inner(step) for name in primitives(part))
    assert found["dot_general"] > 2  # the step with its gradient is there
    assert {name for name in found if any(word in name for word in SERIAL)} == set()
