"""The tri-latent network, with a decoder that reads the latents alone or through a graph."""

from __future__ import annotations

import functools

from jaxstable.config import ConfigError
from jaxstable.data.checks import whole_number
from jaxstable.models.base import Model
from jaxstable.models.graph_decoder import HIDDEN, N_LAGS, graph_decoder
from jaxstable.models.latent_decoder import latent_decoder
from jaxstable.objective.acyclicity import PENALTIES
from jaxstable.phrases import shortened


@functools.cache
def RCGNN(decoder: str = "latent", acyclicity: str = "power", n_lags: int = N_LAGS, hidden: int = HIDDEN) -> Model:
    """Return the tri-latent network.

    ``decoder="latent"`` is the reference model: each step's values are encoded into three latent blocks z_k =
    W2_k relu(W1_k x + b1_k) + b2_k, and decoded from those blocks alone. The adjacency A (a sigmoid over the
    ten per cent largest entries of a free matrix, zero elsewhere) enters the sparsity and the acyclicity loss
    but never the reconstruction, so no choice of lambdas can teach it an edge.

    ``decoder="graph"`` reconstructs each variable from the signal latents of its causes, through stochastic edge
    gates whose probability is the adjacency; `jaxstable.models.graph_decoder` has its equations. It is nonlinear,
    reads lags 0 to `n_lags`, and takes data with gaps.

    Args:
        decoder: "latent" or "graph".
        acyclicity: Name of a penalty in ``jaxstable.objective.acyclicity.PENALTIES``.
        n_lags: Largest lag of the graph decoder, >= 1; the latent decoder has lag 0 only.
        hidden: Hidden units per variable of the graph decoder, >= 0; 0 makes it linear.

    Raises:
        ConfigError: The decoder or the penalty is unknown, or the lags or the hidden units are out of range.

    Example:
        >>> import jax
        >>> model = RCGNN("graph")
        >>> model.adjacency(model.init(jax.random.key(0), 5)).shape
        (3, 5, 5)
    """
    if decoder not in ("latent", "graph"):
        raise ConfigError(f"decoder: found {decoder!r}, expected 'latent' or 'graph'")
    if acyclicity not in PENALTIES:
        raise ConfigError(f"acyclicity: found {acyclicity!r}, expected one of {', '.join(PENALTIES)}")
    for name, number, least in (("n_lags", n_lags, 1), ("hidden", hidden, 0)):
        if not whole_number(number) or number < least:
            raise ConfigError(f"{name}: found {shortened(number)}, expected a whole number >= {least}")
    return latent_decoder(acyclicity) if decoder == "latent" else graph_decoder(acyclicity, n_lags, hidden)


NAMED = {
    "rcgnn_latent": functools.partial(RCGNN, "latent"),
    "rcgnn_graph": functools.partial(RCGNN, "graph", acyclicity="geometric"),
}
