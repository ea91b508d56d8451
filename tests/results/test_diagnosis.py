"""Each finding from the record that must cause it, and silence where nothing is known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results_records import make_history, make_record

from jaxstable.config import Config
from jaxstable.results.diagnosis import diagnose_run
from jaxstable.results.findings import SEVERITIES

RAW = {"standardized": False, "raw_abs_max": 2775.0}
SCALED = {"standardized": True, "raw_abs_max": 2775.0, "names": list("abcdefghijklm")}
UNREACHED = {"recon": 0.0, "sparse": 1e-3, "acyclic": 1e-4, "disen": 0.0}
SPARSE = {"recon": 0.3, "sparse": 1e-2, "acyclic": 1e-3, "disen": 0.0}
ACYCLIC = {"recon": 0.3, "sparse": 1e-3, "acyclic": 10.0, "disen": 0.0}
FLAT = {"train_loss": 1.0, "val_loss": 1.0}

CASES = [
    # history, data facts, status, code, severity, what the remedy must name
    (make_history(train_loss=[21444.0, 64.0, 30.0] + [13.0] * 5), RAW, None,
     "exploding_loss", "error", "standardize"),
    (make_history(grad_clip_ratio=1.0, grad_norm=5e3), SCALED, None, "exploding_loss", "error", "learning_rate"),
    (make_history(train_loss=None), SCALED, None, "exploding_loss", "error", "learning_rate"),
    (make_history(grad_clip_ratio=0.6), SCALED, None, "gradients_too_high", "error", "Lower learn"),
    (make_history(grad_clip_ratio=0.3), SCALED, None, "gradients_too_high", "warning", "Lower"),
    (make_history(grad_clip_ratio=0.6), RAW, None, "gradients_too_high", "error", "standardize"),
    (make_history(3, grad_clip_ratio=0.9), SCALED, None, "clip_ratio_early", "info", "5 epochs"),
    (make_history(1, grad_clip_ratio=1.0), SCALED, None, "clip_ratio_early", "info", "5 epochs"),
    (make_history(grad_clip_ratio=[0.96, 0.4, 0.04] + [0.01] * 5), SCALED, None,
     "gradients_healthy", "ok", "Nothing"),
    (make_history(edge_count=0, grad_to_adjacency=SPARSE), SCALED, None,
     "no_edges", "error", "Lower lambda_sparse from 0.0001 to 1e-05"),
    (make_history(edge_count=0, grad_to_adjacency=ACYCLIC), SCALED, None,
     "no_edges", "error", "Lower lambda_acyclic from 1e-05 to 1e-06"),
    (make_history(edge_count=0, grad_to_adjacency=None), SCALED, None,
     "no_edges", "error", "Lower lambda_sparse"),
    (make_history(edge_count=0, grad_to_adjacency=UNREACHED), SCALED, None,
     "no_edges", "error", "no choice of lambdas can help"),
    (make_history(edge_count=4), SCALED, None, "few_edges", "warning", "Lower lambda_"),
    (make_history(edge_count=100), SCALED, None, "too_many_edges", "warning", "Raise lambda_sp"),
    (make_history(edge_count=27), {**SCALED, "true_edge_count": 13}, None,
     "too_many_edges", "warning", "Raise lambda_sparse"),
    (make_history(edge_count=13), SCALED, None, "edges_healthy", "ok", "Nothing"),
    (make_history(edge_count=1), {**SCALED, "true_edge_count": 1}, None,
     "edges_healthy", "ok", "Nothing"),
    (make_history(edge_count=13, grad_to_adjacency=UNREACHED), SCALED, None,
     "edges_not_learned", "error", "no choice of lambdas can help"),
    (make_history(grad_to_adjacency=UNREACHED), SCALED, None,
     "reconstruction_never_reaches_adjacency", "error", "no choice of lambdas can help"),
    (make_history(), SCALED, None, "reconstruction_reaches_adjacency", "ok", "Nothing"),
    (make_history(val_f1=0.0), SCALED, None, "f1_zero", "error", "Raise thresholds from 21 to 201"),
    (make_history(val_f1=0.0, edge_count=0), SCALED, None, "f1_zero", "error", "Lower lambda_"),
    (make_history(val_f1=0.07), SCALED, None, "f1_low", "warning", "Lower lambda_"),
    (make_history(), SCALED, None, "f1_healthy", "ok", "Nothing"),
    (make_history(**FLAT), SCALED, None, "loss_stuck", "warning", "from 0.0005 to 0.005"),
    (make_history(train_loss=[9.0, 2.0, 1.0] + [0.5] * 5), SCALED, None,
     "loss_converged", "ok", "Nothing"),
    (make_history(train_loss=[2.0, 1.0, 0.5, 0.4, 0.6, 0.8, 1.0, 1.5]), SCALED, None,
     "loss_rising", "warning", "Lower learning_rate"),
    (make_history(), SCALED, None, "loss_falling", "ok", "Nothing"),
    (make_history(best_threshold=0.5), SCALED, None, "threshold_high", "warning", "Lower lambda_"),
    (make_history(best_threshold=0.4), SCALED, None, "threshold_raised", "info", "Train longer"),
    (make_history(best_threshold=0.3), SCALED, None, "threshold_healthy", "ok", "Nothing"),
    (make_history(val_f1=[0.2, 0.6, 0.7, 0.6, 0.5, 0.4, 0.4, 0.3]), SCALED, None,
     "overfitting", "warning", "early_stop_patience"),
    (make_history(val_f1=None, val_loss=[5.0, 1.0, 0.5, 0.6, 0.8, 0.9, 1.0, 1.1]), SCALED, None,
     "overfitting", "warning", "early_stop_patience"),
    (make_history(), RAW, None, "input_scale", "warning", "standardize"),
    (make_history(), SCALED, None, "input_scale_healthy", "ok", "Nothing"),
    (make_history(), {"constant": ["pump_7"]}, None, "constant_sensor", "warning", "Leave"),
    (make_history(), {"missing_share": [0.2, 0.99], "names": ["a", "b"]}, None,
     "hardly_read", "warning", "Leave"),
    (make_history(skipped_steps=2), SCALED, None, "skipped_steps", "warning", "learning_rate"),
    (make_history(skipped_steps=90), SCALED, None, "skipped_steps", "error", "learning_rate"),
    (make_history(), RAW, "DIVERGED", "diverged", "error", "standardize"),
    (make_history(), SCALED, "INTERRUPTED", "interrupted", "info", "jaxstable resume"),
    ([], SCALED, None, "no_history", "error", "one epoch"),
]  # fmt: skip


def test_what_cannot_be_is_not_reported():
    unreached = {"recon": 0.0, "sparse": 0.1, "acyclic": 0.1, "disen": 0.0}
    scores = [0.2, 0.6, 0.7, 0.6, 0.5, 0.4, 0.4, 0.3]
    moved = diagnose_run(make_history(val_f1=scores, grad_to_adjacency=unreached), Config())
    assert "overfitting" not in [finding.code for finding in moved]
    empty = diagnose_run(make_history(val_f1=0.0, edge_count=0), Config(), {"true_edge_count": 0})
    assert not {"f1_zero", "no_edges"} & {finding.code for finding in empty}
    assert [finding.code for finding in diagnose_run([], None, None, "INTERRUPTED")] == ["no_history"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[3]}-{case[4]}")
def test_finding(case):
    history, facts, status, code, severity, remedy = case
    found = [f for f in diagnose_run(history, Config(), facts, status) if f.code == code]
    assert len(found) == 1
    assert found[0].severity == severity
    assert remedy in found[0].remedy
    assert found[0].evidence


def test_healthy_run_has_no_complaint_and_errors_come_first():
    assert {f.severity for f in diagnose_run(make_history(), Config(), SCALED, "FINISHED")} == {"ok"}
    mixed = diagnose_run(make_history(edge_count=0, best_threshold=0.6), Config(), RAW, "DIVERGED")
    order = [SEVERITIES.index(f.severity) for f in mixed]
    assert order == sorted(order)
    assert len(set(order)) >= 3


def test_short_run_clipped_throughout_has_not_exploded():
    codes = {f.code for f in diagnose_run(make_history(4, grad_clip_ratio=1.0), Config(), SCALED)}
    assert "clip_ratio_early" in codes
    assert "exploding_loss" not in codes


def test_reference_model_gets_no_advice_on_lambdas():
    history = make_history(grad_to_adjacency=UNREACHED, edge_count=0, val_f1=0.0, best_threshold=0.6)
    remedies = [f.remedy for f in diagnose_run(history, Config(), SCALED) if f.severity != "ok"]
    assert not any("lambda_" in remedy for remedy in remedies)
    assert len([remedy for remedy in remedies if "no choice of lambdas" in remedy]) == 4


@pytest.mark.parametrize(
    "audit", [{"recon": 1e-12}, {"recon": None}, {}, None], ids=["tiny", "null", "empty", "absent"]
)
def test_only_exact_zero_in_every_evaluated_epoch_counts_as_unreached(audit):
    history = [
        *make_history(3, grad_to_adjacency=UNREACHED),
        make_record(4, grad_to_adjacency=audit),
    ]
    codes = {f.code for f in diagnose_run(history, Config(), SCALED)}
    expected = not audit  # an epoch without evaluation says nothing
    assert ("reconstruction_never_reaches_adjacency" in codes) == expected


def test_causes_of_an_explosion_in_their_order():
    history = make_history(train_loss=1e6)

    def cause(facts, **settings):
        config = {**Config().to_dict(), **settings}
        findings = diagnose_run(history, config, facts)
        return next(f for f in findings if f.code == "exploding_loss")

    assert "2,775" in cause(RAW, learning_rate=0.5).evidence
    assert "0.5 to 0.05" in cause(SCALED, learning_rate=0.5).remedy
    assert "lambda_recon from 5000 to 500" in cause(SCALED, lambda_recon=5000.0).remedy
    assert "5e-05" in cause({"standardized": False, "raw_abs_max": 2.0}).remedy
    assert "standardize" in cause({}, standardize=False).remedy


junk = st.none() | st.booleans() | st.integers(-3, 200) | st.floats() | st.text(max_size=3)
junk |= st.dictionaries(st.sampled_from(["recon", "sparse"]), junk, max_size=2)
keys = st.sampled_from([*make_record(1), "unknown"])
facts_keys = st.sampled_from(["names", "true_edge_count", "standardized", "raw_abs_max", "constant", "missing_share"])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.dictionaries(keys, junk, max_size=8) | junk, max_size=8),
    st.dictionaries(st.sampled_from(list(Config().to_dict())), junk, max_size=4),
    st.none() | st.dictionaries(facts_keys, junk | st.lists(junk, max_size=3), max_size=4),
    st.none() | st.sampled_from(["DIVERGED", "FINISHED"]),
)
def test_nothing_in_a_foreign_log_can_crash_it(history, config, facts, status):
    for finding in diagnose_run(history, config, facts, status):
        assert finding.code
        assert finding.evidence
        assert finding.remedy.endswith(".")
        assert finding.severity in SEVERITIES
        assert finding.epoch is None or not math.isnan(finding.epoch)


def loss_findings(losses, validation=None):
    records = [
        {"epoch": epoch, "train_loss": loss, "val_loss": seen, "best_threshold": 0.1}
        for epoch, (loss, seen) in enumerate(zip(losses, validation or losses, strict=True), 1)
    ]
    return {finding.code: finding for finding in diagnose_run(records)}


@pytest.mark.parametrize("shift", [-30.0, -10.0, -1.2, -0.01])
def test_where_a_likelihood_has_its_zero_changes_no_finding(shift):
    falling = [shift + 0.3 * 0.7**epoch for epoch in range(30)]
    assert "loss_converged" in loss_findings(falling)
    assert "loss_falling" in loss_findings(falling[:8])
    assert "loss_stuck" in loss_findings([shift] * 10)
    assert "loss_stuck" in loss_findings([shift * (1 + 1e-5 * epoch) for epoch in range(10)])


@pytest.mark.parametrize("shift", [-30.0, -1.2, -0.35])
def test_overfitting_of_a_likelihood_is_measured_by_what_training_gained(shift):
    falling = [shift + 0.3 * 0.7**epoch for epoch in range(12)]
    turn = [*falling[:8], *(falling[7] + rise for rise in (0.1, 0.15, 0.2, 0.25))]
    assert "overfitting" in loss_findings(falling, turn)
    slightly = [*falling[:8], *(falling[7] + rise for rise in (0.01, 0.02, 0.02, 0.02))]
    assert "overfitting" not in loss_findings(falling, slightly)


def test_a_validation_loss_that_is_never_finite_is_an_error_of_its_own():
    found = loss_findings([1.0, 0.9, 0.8], [None, None, None])
    assert found["validation_never_finite"].severity == "error"
    assert "3 of 3 evaluations" in found["validation_never_finite"].evidence
    assert loss_findings([1.0, 0.9, 0.8], [1.0, None, 0.9])["validation_not_finite"].severity == "warning"
    assert not {code for code in loss_findings([1.0, 0.9], [1.0, 0.9]) if code.startswith("validation")}


def test_one_half_is_no_high_threshold_for_probabilities():
    records = [{"epoch": 1, "best_threshold": 0.5}]
    assert [f.code for f in diagnose_run(records, data_facts={"scores": "weight"})] == ["threshold_high"]
    assert [f.code for f in diagnose_run(records, data_facts={"scores": "probability"})] == ["threshold_healthy"]
