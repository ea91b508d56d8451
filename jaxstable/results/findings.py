"""What a finding is, and the remedies that several findings share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jaxstable.results.evidence import Evidence

SEVERITIES = ("error", "warning", "info", "ok")
RATE_LARGE = 1e-2  # an Adam learning rate beyond this is the first suspect
RAW_LARGE = 10.0  # absolute raw value beyond which an unscaled input is a risk
WEIGHT_LARGE = 100.0  # a loss weight beyond this is the next suspect

NOT_LEARNED = {
    "reconstruction_never_reaches_adjacency",
    "edges_not_learned",
    "no_edges",
    "no_history",
    "f1_zero",
    "validation_never_finite",
}
NOTHING = "Nothing to do."
OTHER_MODEL = "Train a model whose reconstruction reads the adjacency (model svar); no choice of lambdas can help."


class Finding(NamedTuple):
    """One statement about a run.

    Attributes:
        code: stable name of the finding, for programs.
        severity: "error", "warning", "info" or "ok".
        evidence: what was measured, in numbers.
        remedy: the one thing to do next.
        epoch: 1-based epoch the evidence comes from, None if it concerns the whole run.
        subject: the sensor that it is about, None if it is about the whole.
    """

    code: str
    severity: str
    evidence: str
    remedy: str
    epoch: int | None = None
    subject: str | None = None

    def __str__(self) -> str:
        remedy = "" if self.remedy == NOTHING else f" -> {self.remedy}"
        return f"{self.severity.upper()} {self.code}: {self.evidence}{remedy}"


def of(parts: Sequence[str], one: str, several: str) -> str:
    """Return the words for one sensor, or those for several.

    >>> of(["a", "b"], "Leave it out.", "Leave them out.")
    'Leave them out.'
    """
    return one if len(parts) == 1 else several


def verdict(findings: Iterable[Finding]) -> str | None:
    """Say in a few words what the errors among findings mean, None without an error.

    >>> verdict([Finding("no_edges", "error", "0 edges", "Lower lambda_sparse.")])
    'not learned'
    """
    codes = [finding.code for finding in findings if finding.severity == "error"]
    if not codes:
        return None
    return "not learned" if NOT_LEARNED & set(codes) else codes[0].replace("_", " ")


def lower_learning_rate(run: Evidence) -> str:
    """Name the smaller learning rate to try."""
    rate = run.setting("learning_rate")
    return f"Lower learning_rate from {rate:g} to {rate / 10:g}." if rate else ("Lower learning_rate tenfold.")


def lower_penalty(run: Evidence) -> str:
    """Name the penalty that pushes hardest on the edges, by its weighted gradient there."""
    audits = run.audits()
    norms = audits[-1][1] if audits else {}
    push = {term: (norms.get(term) or 0.0) * (run.setting(f"lambda_{term}") or 0.0) for term in ("sparse", "acyclic")}
    name = "lambda_acyclic" if push["acyclic"] > push["sparse"] else "lambda_sparse"
    weight = run.setting(name)
    return (
        f"Lower {name} from {weight:g} to {weight / 10:g}."
        if weight
        else ("Raise lambda_recon tenfold." if weight == 0 else f"Lower {name} tenfold.")
    )


def blow_up_cause(run: Evidence) -> tuple[str, str]:
    """Name the likeliest cause of an exploding loss, and its remedy.

    Raw inputs come first: measured on the reference data, standardising alone removes the
    explosion, while a smaller learning rate, other lambdas or harder clipping do not.
    """
    if run.standardized is False:
        largest = run.fact("raw_abs_max")
        if largest is None:
            return "the inputs are not standardised", "Set standardize to True."
        if largest > RAW_LARGE:
            cause = f"the inputs are not standardised and reach {largest:,.4g} in absolute value"
            return cause, "Set standardize to True."
    rate = run.setting("learning_rate")
    if rate is not None and rate >= RATE_LARGE:
        return f"the learning rate is {rate:g}", lower_learning_rate(run)
    weights = {
        name: abs(value)
        for name in ("lambda_recon", "lambda_sparse", "lambda_acyclic", "lambda_disen")
        if (value := run.setting(name)) is not None
    }
    name = max(weights, key=lambda key: weights[key], default="")
    if name and weights[name] > WEIGHT_LARGE:
        remedy = f"Lower {name} from {weights[name]:g} to {weights[name] / 10:g}."
        return f"{name} is {weights[name]:g}", remedy
    return "the learning rate is the likeliest cause", lower_learning_rate(run)
