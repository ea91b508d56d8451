"""What one evaluation decides: the learning rate, the state that is kept, and whether the run goes on."""

from __future__ import annotations

import jax.numpy as jnp

from jaxstable.training import plateau
from jaxstable.training.evaluate import Evaluation
from jaxstable.training.spec import Hyper, Spec
from jaxstable.training.state import RunState, Status


def decide(spec: Spec, hyper: Hyper, state: RunState, evaluation: Evaluation) -> tuple[RunState, Evaluation]:
    """Let one evaluation lower the learning rate, become the best state or stop the run."""
    score = (1.0 - evaluation.f1 if spec.monitor_truth else evaluation.loss).astype(jnp.float32)
    new_best = score < state.best_score
    stale = jnp.where(new_best, 0, state.stale + 1)
    if spec.plateau:
        observed = plateau.observe(
            state.train.opt_state[-1],
            score,
            learning_rate=hyper.learning_rate,
            factor=hyper.plateau_factor,
            patience=spec.plateau_patience,
            cooldown=spec.plateau_cooldown,
            threshold=hyper.plateau_threshold,
            min_lr=hyper.plateau_min_lr,
        )
        state = state._replace(train=state.train._replace(opt_state=(*state.train.opt_state[:-1], observed)))
    stopped = stale >= spec.early_stop_patience
    state = state._replace(
        best_params=jnp.where(new_best, state.train.params, state.best_params),
        best_score=jnp.where(new_best, score, state.best_score),
        stale=stale,
        status=jnp.where(stopped, jnp.int32(Status.EARLY_STOPPED), state.status),
    )
    return state, evaluation._replace(new_best=new_best)
