"""Findings on the graph and the data: the gradient audit, edges, F1, threshold, input scale."""

from __future__ import annotations

from collections.abc import Iterable

from jaxstable.results.evidence import Evidence
from jaxstable.results.findings import NOTHING, OTHER_MODEL, RAW_LARGE, Finding, lower_penalty

FEW_EDGES = 5
TOO_DENSE = 0.5  # of all ordered pairs
TOO_MANY_TIMES = 2.0  # the number of true edges
F1_LOW = 0.1
THRESHOLD_HEALTHY = 0.3
THRESHOLD_HIGH = 0.5
DEAD_SHARE = 0.95  # missing share of a dead sensor


def _reconstruction(run: Evidence) -> Iterable[Finding]:
    audits = run.audits()
    if not audits:
        return
    epoch, norms = audits[-1]
    shown = ", ".join(f"{term} {'n/a' if value is None else f'{value:.2g}'}" for term, value in norms.items())
    if run.unreached:
        evidence = (
            f"the gradient of the reconstruction loss in the adjacency is exactly zero in all "
            f"{len(audits)} evaluated epochs (gradient norms: {shown})"
        )
        code = "reconstruction_never_reaches_adjacency"
        yield Finding(code, "error", evidence, OTHER_MODEL, epoch)
    elif norms["recon"]:
        evidence = f"gradient norms in the adjacency: {shown}"
        yield Finding("reconstruction_reaches_adjacency", "ok", evidence, NOTHING, epoch)


def _edges(run: Evidence) -> Iterable[Finding]:
    counts = run.series("edge_count")
    if not counts:
        return
    epoch, count = counts[-1]
    n_vars, true = len(run.names), run.true_edges
    evidence = f"{count:.0f} edges at the best threshold"
    if true is not None:
        evidence += f", {true} in the true graph"
    few = FEW_EDGES
    if true is not None:
        few = min(few, true // 2)
    elif n_vars:
        few = min(few, (n_vars - 1) // 2)
    many = TOO_MANY_TIMES * true if true else TOO_DENSE * n_vars * (n_vars - 1)
    if count == 0 and true != 0:
        remedy = OTHER_MODEL if run.unreached else lower_penalty(run)
        evidence += ": no structure was learned"
        yield Finding("no_edges", "error", evidence, remedy, epoch)
    elif run.unreached:
        evidence += ", left over from the initialisation: the data never moved one"
        yield Finding("edges_not_learned", "error", evidence, OTHER_MODEL, epoch)
    elif count <= few and true != 0:
        yield Finding("few_edges", "warning", evidence, lower_penalty(run), epoch)
    elif many and count > many:
        weight = run.setting("lambda_sparse")
        remedy = f"Raise lambda_sparse{f' from {weight:g} to {10 * weight:g}' if weight else ''}."
        evidence += f", more than {many:.0f}"
        yield Finding("too_many_edges", "warning", evidence, remedy, epoch)
    else:
        yield Finding("edges_healthy", "ok", evidence, NOTHING, epoch)


def _f1(run: Evidence) -> Iterable[Finding]:
    scores = run.series("val_f1")
    if not scores or run.true_edges == 0:
        return
    epoch, last = scores[-1]
    best = max(value for _, value in scores)
    evidence = f"validation F1 {last:.3f}, best {best:.3f}"
    if best > F1_LOW:
        if not run.unreached:
            yield Finding("f1_healthy", "ok", evidence, NOTHING, epoch)
        return
    steps = run.setting("thresholds")
    finer = f"Raise thresholds{f' from {steps:.0f} to {10 * (steps - 1) + 1:.0f}' if steps else ''}"
    if best == 0:
        evidence += ": no true edge passes any threshold"
        counts = run.series("edge_count")
        remedy = f"{finer}, so that the sweep sees small weights."
        if run.unreached:
            remedy = OTHER_MODEL
        elif counts and counts[-1][1] == 0:
            remedy = lower_penalty(run)
        yield Finding("f1_zero", "error", evidence, remedy, epoch)
    else:
        remedy = OTHER_MODEL if run.unreached else lower_penalty(run)
        yield Finding("f1_low", "warning", f"{evidence} (healthy: above {F1_LOW})", remedy, epoch)


def _threshold(run: Evidence) -> Iterable[Finding]:
    thresholds = run.series("best_threshold")
    if not thresholds:
        return
    epoch, value = thresholds[-1]
    if run.probabilities:
        evidence = f"edges are those of a probability above {value:.2f}"
        yield Finding("threshold_healthy", "ok", evidence, NOTHING, epoch)
        return
    evidence = f"best threshold {value:.2f} (healthy: at most {THRESHOLD_HEALTHY})"
    if value >= THRESHOLD_HIGH:
        remedy = OTHER_MODEL if run.unreached else lower_penalty(run)
        evidence += ": most edge weights are too small to stand out"
        yield Finding("threshold_high", "warning", evidence, remedy, epoch)
    elif value > THRESHOLD_HEALTHY:
        remedy = "Train longer, until the weights of edges and of the rest part."
        yield Finding("threshold_raised", "info", evidence, remedy, epoch)
    else:
        yield Finding("threshold_healthy", "ok", evidence, NOTHING, epoch)


def _inputs(run: Evidence) -> Iterable[Finding]:
    largest = run.fact("raw_abs_max")
    if run.standardized is False and largest is not None and largest > RAW_LARGE:
        evidence = f"inputs are raw, up to {largest:,.4g} in absolute value"
        remedy = "Set standardize to True."
        yield Finding("input_scale", "warning", evidence, remedy)
    elif run.standardized:
        known = "" if largest is None else f" (raw values up to {largest:,.4g})"
        yield Finding("input_scale_healthy", "ok", f"inputs are standardised{known}", NOTHING)
    constant = [str(name) for name in run.listed("constant")]
    if constant:
        evidence = f"constant in training: {', '.join(constant)}"
        remedy = "Leave these columns out; a constant neither causes nor is caused."
        yield Finding("constant_sensor", "warning", evidence, remedy)
    shares = zip(run.names, run.listed("missing_share"), strict=False)
    dead = [f"{n} ({s:.0%})" for n, s in shares if isinstance(s, float) and s >= DEAD_SHARE]
    if dead:
        evidence = f"missing nearly always: {', '.join(dead)}"
        yield Finding("hardly_read", "warning", evidence, "Leave these columns out.")


RULES = (_reconstruction, _inputs, _edges, _f1, _threshold)
