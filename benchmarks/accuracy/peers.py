"""Adapters of other people's methods; each peer is imported when it is called, and none is needed.

Rows are [series, time, variables]. `tigramite` reads gaps and several series itself. The others get completed rows;
those that know no time get the rows of all series side by side, and no lag-stacked row crosses from one series into
the next. What is called a weight is ranked by its modulus, the largest over lags.
"""

# The peers are no dependency of the project: they may be missing where this is checked.
# pyright: reportMissingImports=false

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

THRESHOLD = 0.3  # of DAGMA and NOTEARS: the default of both packages
MISSING = 1e9  # stands for a gap in tigramite, which compares with a number

# Not here, and why; printed with every table.
ABSENT = {
    "DYNOTEARS": "causalnex does not install on Python 3.11; DAGMA on lag-stacked rows is the nearest that does",
    "GOLEM": "gcastle's takes minutes per fit: 40-56 s for a tenth of its documented 100,000 steps on 13 variables",
    "NOTEARS (its authors' package)": "the package notears does not install; NOTEARS is run from gcastle",
}


class Rows(NamedTuple):
    """What a method gets.

    Attributes:
        values: [series, time, vars], NaN where missing.
        filled: the same without gaps.
        n_lags: largest lag.
        seed: for what is random in a method.
    """

    values: np.ndarray
    filled: np.ndarray
    n_lags: int
    seed: int = 0


class Estimate(NamedTuple):
    """Scores [cause, effect], higher for a more likely edge, and the graph that the method itself decides on."""

    scores: np.ndarray
    graph: np.ndarray


class Peer(NamedTuple):
    """One method of the field.

    Attributes:
        package: distribution whose version is recorded.
        run: from rows and one setting to an estimate.
        settings: up to three, by name; the first is the documented one.
        gappy: the settings where entries are missing, if those differ.
        invariant: whether the units of the columns cannot change the result.
        fill: "em" (expectation-maximisation) or "line" (straight lines), which did better on seed 50.
        most_vars: more variables would take too long here.
        tune: data sets of a kind on which all settings are tried; the best goes on to the rest.
        runs: most data sets of one kind it is run on.
        raw_runs: the same on raw columns.
    """

    package: str
    run: Callable[..., Estimate]
    settings: Mapping[str, Mapping[str, Any]]
    gappy: Mapping[str, Mapping[str, Any]] | None = None
    invariant: bool = False
    fill: str = "em"
    most_vars: int = 1000
    tune: int = 3
    runs: int = 1000
    raw_runs: int = 3


def stacked(rows: np.ndarray, n_lags: int) -> np.ndarray:
    """Return rows [x_t .. x_{t-L}] of every series, [samples, (L + 1) vars], none across a joint."""
    length = rows.shape[1] - n_lags
    pieces = [rows[:, n_lags - lag : n_lags - lag + length] for lag in range(n_lags + 1)]
    return np.concatenate(pieces, axis=2).reshape(-1, (n_lags + 1) * rows.shape[2])


def _tigramite_frame(rows: Rows, gaps: str) -> tuple[Any, Any]:
    from tigramite import data_processing
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    values = np.nan_to_num(rows.values, nan=MISSING) if gaps == "native" else rows.filled
    frame = data_processing.DataFrame(
        dict(enumerate(values)), missing_flag=MISSING if gaps == "native" else None, analysis_mode="multiple"
    )
    return PCMCI(dataframe=frame, cond_ind_test=ParCorr(), verbosity=0), values


def _from_links(statistic: np.ndarray, marks: np.ndarray) -> Estimate:
    """Rank tigramite's links [cause, effect, lag]: what is drawn first, by partial correlation.

    A link at lag 0 without a direction counts for both; one with a direction speaks for that alone.
    """
    drawn: np.ndarray = np.isin(marks, ("-->", "o-o", "x-x", "o->", "-?>"))
    against = np.zeros(marks.shape, bool)
    against[..., 0] = (marks[..., 0] == "<--") | (marks[..., 0] == "<-o")
    size = np.where(against, 0.0, np.abs(statistic)) + drawn
    scores = size.max(axis=2)
    graph = np.asarray(drawn.any(axis=2))
    np.fill_diagonal(scores, 0.0)
    np.fill_diagonal(graph, False)
    return Estimate(scores, graph)


def pcmci(rows: Rows, pc_alpha: float, level: float, first_lag: int = 0, gaps: str = "native") -> Estimate:
    """Run PCMCI with partial correlation (Runge et al., Detecting and quantifying causal associations, 2019)."""
    model, _ = _tigramite_frame(rows, gaps)
    first = min(first_lag, rows.n_lags)
    found = model.run_pcmci(
        tau_min=first, tau_max=rows.n_lags, pc_alpha=pc_alpha, alpha_level=level, fdr_method="fdr_bh"
    )
    return _from_links(found["val_matrix"], found["graph"])


def pcmci_plus(rows: Rows, pc_alpha: float, gaps: str = "native") -> Estimate:
    """Run PCMCI+ with partial correlation (Runge, Discovering contemporaneous and lagged relations, 2020)."""
    model, _ = _tigramite_frame(rows, gaps)
    found = model.run_pcmciplus(tau_min=0, tau_max=rows.n_lags, pc_alpha=pc_alpha)
    return _from_links(found["val_matrix"], found["graph"])


def varlingam(rows: Rows, prune: bool = True, order: str = "direct") -> Estimate:
    """Run VARLiNGAM (Hyvarinen et al., Estimation of a structural VAR using non-Gaussianity, 2010).

    Several series share one VAR and one order: its residuals are taken per series and pooled.
    """
    import lingam
    from lingam.utils import predict_adaptive_lasso

    n_vars, n_lags = rows.filled.shape[2], rows.n_lags
    inner = lingam.DirectLiNGAM() if order == "direct" else lingam.ICALiNGAM(random_state=rows.seed)
    if len(rows.filled) == 1 and n_lags:
        model = lingam.VARLiNGAM(n_lags, None, prune, lingam_model=inner, random_state=rows.seed)
        weights = np.array(model.fit(rows.filled[0]).adjacency_matrices_)
    else:
        samples = stacked(rows.filled, n_lags)
        samples = samples - samples.mean(axis=0)
        now, past = samples[:, :n_vars], samples[:, n_vars:]
        lagged = np.linalg.lstsq(past, now, rcond=None)[0].T if n_lags else np.zeros((n_vars, 0))
        inner.fit(now - past @ lagged.T)
        instant = inner.adjacency_matrix_
        flat = np.concatenate([instant, (np.eye(n_vars) - instant) @ lagged], axis=1)
        if prune:
            earlier = inner.causal_order_
            for place, effect in enumerate(earlier):
                parents = [*earlier[:place], *range(n_vars, samples.shape[1])]
                flat[effect] = 0.0
                if parents:
                    flat[effect, parents] = predict_adaptive_lasso(samples, parents, effect)
        weights = flat.reshape(n_vars, n_lags + 1, n_vars).transpose(1, 0, 2)
    size = np.abs(weights).max(axis=0).T  # lingam writes [effect, cause]
    np.fill_diagonal(size, 0.0)
    return Estimate(size, size > (0.0 if prune else 0.1))


def _from_stack(weights: np.ndarray, n_vars: int) -> Estimate:
    """Summarise weights [cause, effect] over lag-stacked columns; edges into the past do not count."""
    size = np.abs(weights)[:, :n_vars].reshape(-1, n_vars, n_vars).max(axis=0)
    np.fill_diagonal(size, 0.0)
    return Estimate(size, size > THRESHOLD)


def dagma(rows: Rows, lambda1: float, lagged: bool = False) -> Estimate:
    """Run linear DAGMA (Bello, Aragam, Ravikumar, DAGMA, 2022), on plain or on lag-stacked rows."""
    from dagma.linear import DagmaLinear

    n_vars = rows.filled.shape[2]
    samples = stacked(rows.filled, rows.n_lags if lagged else 0)
    into_past = tuple((i, j) for i in range(samples.shape[1]) for j in range(n_vars, samples.shape[1]))
    model = DagmaLinear(loss_type="l2")
    weights = model.fit(samples, lambda1=lambda1, w_threshold=0.0, exclude_edges=into_past or None)
    return _from_stack(weights, n_vars)


def notears(rows: Rows, lambda1: float) -> Estimate:
    """Run linear NOTEARS on plain rows (Zheng et al., DAGs with NO TEARS, 2018)."""
    from castle.algorithms import Notears

    model = Notears(lambda1=lambda1, w_threshold=0.0)
    model.learn(stacked(rows.filled, 0))
    return _from_stack(np.asarray(model.weight_causal_matrix), rows.filled.shape[2])


def cmlp(rows: Rows, lam: float, hidden: int = 16, steps: int = 500, lr: float = 0.05) -> Estimate:
    """Run the Granger network cMLP (Tank et al., Neural Granger causality, 2018); it knows no lag 0."""
    import torch
    from neuralgc.models.cmlp import cMLP, train_model_ista

    torch.set_default_dtype(torch.float32)  # gcastle changes it for the whole process
    torch.manual_seed(rows.seed)
    model = cMLP(rows.filled.shape[2], max(rows.n_lags, 1), [hidden])
    values = torch.tensor(rows.filled, dtype=torch.float32)
    train_model_ista(model, values, lr=lr, max_iter=steps, lam=lam, lam_ridge=1e-2, penalty="GL", verbose=0)
    size = model.GC(threshold=False).detach().numpy().T.astype(float)  # it writes [effect, cause]
    np.fill_diagonal(size, 0.0)
    return Estimate(size, size > 0.0)


_PCMCI = {"pc_alpha": 0.05, "level": 0.01, "gaps": "filled"}
PEERS: dict[str, Peer] = {
    "PCMCI": Peer(
        "tigramite",
        pcmci,
        {
            "pc_alpha .2, level .05": {"pc_alpha": 0.2, "level": 0.05},
            "pc_alpha .05, level .01": {"pc_alpha": 0.05, "level": 0.01},
            "pc_alpha .05, level .01, lagged only": {"pc_alpha": 0.05, "level": 0.01, "first_lag": 1},
        },
        {
            "pc_alpha .2, level .05, own gaps": {"pc_alpha": 0.2, "level": 0.05},
            "pc_alpha .05, level .01, filled": _PCMCI,
            "pc_alpha .05, level .01, filled, lagged only": {**_PCMCI, "first_lag": 1},
        },
        invariant=True,
        most_vars=60,
        tune=1,
        runs=3,
    ),
    "PCMCI+": Peer(
        "tigramite",
        pcmci_plus,
        {f"pc_alpha {x}": {"pc_alpha": x} for x in (0.01, 0.001, 0.05)},
        {
            "pc_alpha 0.01, own gaps": {"pc_alpha": 0.01},
            "pc_alpha 0.01, filled": {"pc_alpha": 0.01, "gaps": "filled"},
            "pc_alpha 0.001, filled": {"pc_alpha": 0.001, "gaps": "filled"},
        },
        invariant=True,
        most_vars=60,
        tune=1,
        runs=3,
    ),
    "VARLiNGAM": Peer(
        "lingam",
        varlingam,
        {
            "DirectLiNGAM, pruned": {},
            "DirectLiNGAM, |weight| > .1": {"prune": False},
            "ICA-LiNGAM, pruned": {"order": "ica"},
        },
        fill="line",
        most_vars=60,
        tune=1,
        runs=3,
    ),
    "DAGMA": Peer(
        "dagma", dagma, {f"lambda1 {x}": {"lambda1": x} for x in (0.03, 0.01, 0.1)}, most_vars=60, tune=1, runs=3
    ),
    "DAGMA lagged": Peer(
        "dagma", dagma, {f"lambda1 {x}": {"lambda1": x, "lagged": True} for x in (0.03, 0.01, 0.1)}, tune=1, runs=5
    ),
    "NOTEARS": Peer(
        "gcastle",
        notears,
        {f"lambda1 {x}": {"lambda1": x} for x in (0.1, 0.03, 0.01)},
        most_vars=30,
        tune=1,
        runs=3,
    ),
    "cMLP": Peer(
        "neuralgc", cmlp, {f"lam {x}": {"lam": x} for x in (0.1, 0.03, 0.3)}, most_vars=60, tune=1, runs=3, raw_runs=0
    ),
}


def version(package: str) -> str | None:
    """Return the installed version of a distribution, None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


os.environ.setdefault("CASTLE_BACKEND", "pytorch")
