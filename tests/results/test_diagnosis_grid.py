"""Findings over a grid: each is found where it holds, is silent where it does not, and names one way out."""

from __future__ import annotations

import math

import pytest
from sweep_records import UNREACHED, codes, make_sweep, the

from jaxstable.training.grid import log_spaced, random_points

SPARSE = {"lambda_sparse": [1e-5, 1e-4, 1e-3, 1e-2], "seed": [0, 1, 2]}


def healthy(config):
    """Best in the middle of the path, the same for every seed up to a little."""
    return {"val_f1": 0.8 - 0.1 * abs(math.log10(config.lambda_sparse) + 3.6) + 0.001 * config.seed}


def test_a_healthy_grid_has_nothing_to_do():
    found = make_sweep(SPARSE, healthy).diagnose()
    assert {finding.severity for finding in found} == {"ok"}
    best = the(found, "best_lane").evidence
    assert best.startswith("lane 5 has the best val_f1")
    assert best.endswith("lambda_sparse 0.0001, seed 2")


@pytest.mark.parametrize(
    ("grid", "lost", "evidence", "remedy"),
    [
        (
            {"learning_rate": [1e-3, 1e-2, 1e6], "seed": [0, 1]},
            lambda config: config.learning_rate == 1e6,
            "all 2 lanes with learning_rate 1e+06 diverged (lanes 4, 5), none of the other 4 did",
            "Keep learning_rate at 0.01 or below.",
        ),
        (
            {"clip_norm": [0.1, 1.0, 10.0, 100.0]},
            lambda config: config.clip_norm >= 10,
            "all 2 lanes with clip_norm above 1 diverged (lanes 2, 3), none of the other 2 did",
            "Keep clip_norm at 1 or below.",
        ),
        (
            {"clip_norm": [0.1, 1.0], "seed": [0, 1]},
            lambda config: config.clip_norm < 1,
            "all 2 lanes with clip_norm 0.1 diverged (lanes 0, 1), none of the other 2 did",
            "Keep clip_norm at 1 or above.",
        ),
        (
            {"optimizer": ["adam", "adamw"], "seed": [0, 1]},
            lambda config: config.optimizer == "adam",
            "all 2 lanes with optimizer adam diverged (lanes 0, 1), none of the other 2 did",
            "Leave optimizer adam out of the grid.",
        ),
        (
            {"standardize": [True, False], "seed": [0, 1]},
            lambda config: not config.standardize,
            "all 2 lanes with standardize False diverged (lanes 2, 3), none of the other 2 did",
            "Leave standardize False out of the grid.",
        ),
    ],
)
def test_diverged_lanes_are_laid_to_the_field_that_parts_them(grid, lost, evidence, remedy):
    result = make_sweep(grid, lambda config: {"status": "DIVERGED"} if lost(config) else {})
    finding = the(result.diagnose(), "lanes_diverged")
    assert (finding.severity, finding.evidence, finding.remedy) == ("warning", evidence, remedy)


def test_divergence_that_no_field_explains_says_so():
    def measure(config):
        return {"status": "DIVERGED"} if (config.lambda_sparse == 1e-4) == (config.seed == 1) else {}

    grid = {"lambda_sparse": [1e-4, 1e-3], "learning_rate": [1e-3, 1e-2], "seed": [0, 1]}
    finding = the(make_sweep(grid, measure).diagnose(), "lanes_diverged")
    assert "4 of 8 lanes diverged" in finding.evidence
    assert "no single field" in finding.evidence
    # A seed that is lost is no reason to leave that seed out.
    finding = the(
        make_sweep({"seed": [0, 1]}, lambda c: {"status": "DIVERGED"} if c.seed else {}).diagnose(), "lanes_diverged"
    )
    assert "no single field" in finding.evidence


def test_all_diverged_is_one_error_with_the_lanes_own_remedy():
    found = make_sweep({"learning_rate": [1.0, 10.0]}, lambda config: {"status": "DIVERGED"}).diagnose()
    assert codes(found) == ["lanes_diverged"]
    assert found[0].severity == "error"
    assert found[0].evidence == "all 2 lanes diverged"
    assert found[0].remedy == "Lower learning_rate from 1 to 0.1."


def test_edges_that_vanish_are_laid_to_the_penalty():
    def measure(config):
        return {"edge_count": 0 if config.lambda_sparse > 1e-3 else 6 + config.seed, **healthy(config)}

    found = make_sweep(SPARSE, measure).diagnose()
    finding = the(found, "edges_vanish")
    assert finding.evidence == (
        "edges fall to zero above lambda_sparse 0.001: 0 edges in all 3 lanes, 7 on average at 0.001 or below"
    )
    assert finding.remedy == "Keep lambda_sparse at 0.001 or below."
    lanes = the(found, "no_edges")
    assert lanes.severity == "warning"
    assert lanes.evidence.startswith("in 3 of 12 lanes (lanes 9, 10, 11); lane 9: 0 edges")


def test_edges_that_were_never_right_are_no_loss():
    def measure(config, **more):
        return {"edge_count": 0 if config.lambda_sparse > 1e-3 else 6, **more}

    blind = make_sweep(SPARSE, lambda config: measure(config, val_f1=0.0)).diagnose()
    assert "edges_vanish" not in codes(blind)
    unmoved = make_sweep(SPARSE, lambda config: measure(config, grad_to_adjacency=UNREACHED)).diagnose()
    assert not {"edges_vanish", "best_lane"} & set(codes(unmoved))


def test_a_value_with_which_every_lane_diverged_is_named_beside_stray_ones():
    def measure(config):
        stray = config.learning_rate == 1e-3 and config.seed == 0
        return {"status": "DIVERGED"} if config.learning_rate == 1.0 or stray else {}

    finding = the(make_sweep({"learning_rate": [1e-3, 1.0], "seed": [0, 1]}, measure).diagnose(), "lanes_diverged")
    assert finding.evidence.endswith("among them every lane with learning_rate 1")
    assert finding.remedy == "Leave learning_rate 1 out of the grid."


def test_edges_may_vanish_at_the_low_end():
    grid = {"lambda_recon": [0.1, 1.0, 10.0]}
    found = make_sweep(grid, lambda config: {"edge_count": 0 if config.lambda_recon < 1 else 5}).diagnose()
    assert the(found, "edges_vanish").remedy == "Keep lambda_recon at 1 or above."


def test_one_finding_where_reconstruction_reaches_no_lane():
    def measure(config):
        count = 0 if config.seed else 6
        return {"grad_to_adjacency": UNREACHED, "val_f1": 0.1 * config.seed, "edge_count": count}

    found = make_sweep({"lambda_recon": [1.0, 10.0, 100.0], "seed": [0, 1]}, measure).diagnose()
    errors = [finding for finding in found if finding.severity == "error"]
    assert codes(errors) == ["reconstruction_never_reaches_adjacency"]
    assert errors[0].evidence.startswith("in all 6 lanes")
    assert "no choice of lambdas can help" in errors[0].remedy
    assert not {"best_at_border", "axis_without_effect", "seeds_disagree", "no_edges"} & set(codes(found))


def test_a_field_that_moves_nothing_is_named():
    grid = {**SPARSE, "lambda_disen": [1e-5, 1e-4, 1e-3]}
    finding = the(make_sweep(grid, healthy).diagnose(), "axis_without_effect")
    assert finding.evidence.startswith(
        "val_f1 does not depend on lambda_disen: it moves by 0 at most in 12 comparisons"
    )
    assert finding.remedy == "Leave lambda_disen out of the grid."


def test_a_metric_that_nothing_moves_is_one_finding():
    found = make_sweep({**SPARSE, "lambda_disen": [1e-4, 1e-3]}, lambda config: {"val_f1": 0.5}).diagnose()
    assert the(found, "metric_constant").evidence.startswith("val_f1 is 0.5 in all 24 lanes")
    assert not {"axis_without_effect", "best_at_border"} & set(codes(found))


@pytest.mark.parametrize(
    ("field", "values", "sign", "remedy"),
    [
        ("lambda_sparse", [1e-4, 1e-3, 1e-2], 1, "Extend lambda_sparse to 0.1."),
        ("lambda_sparse", [1e-4, 1e-3, 1e-2], -1, "Extend lambda_sparse to 1e-05."),
        ("weight_decay", [0.0, 0.1, 0.2], 1, "Extend weight_decay to 0.4."),
        ("batch_size", [8, 16, 32], 1, "Extend batch_size to 64."),
    ],
)
def test_a_best_value_at_the_border_asks_for_more(field, values, sign, remedy):
    result = make_sweep({field: values}, lambda config: {"val_f1": 0.4 + sign * getattr(config, field) / 1000})
    finding = the(result.diagnose(), "best_at_border")
    assert finding.remedy == remedy


@pytest.mark.parametrize(
    "grid",
    [{"plateau_factor": [0.5, 0.8, 0.99]}, {"lambda_sparse": [1e-4, 1e-3]}, {"weight_decay": [0.2, 0.1, 0.0][::-1]}],
    ids=["refused-value", "two-values", "below-zero"],
)
def test_no_border_where_there_is_nothing_beyond(grid):
    [field] = grid
    sign = -1 if field == "weight_decay" else 1
    result = make_sweep(grid, lambda config: {"val_f1": 0.4 + sign * getattr(config, field) / 10})
    assert "best_at_border" not in codes(result.diagnose())


def test_seeds_that_disagree_more_than_the_grid_are_a_warning():
    def measure(config):
        return {"val_f1": [0.2, 0.9, 0.5][config.seed] + config.lambda_sparse}

    finding = the(make_sweep(SPARSE, measure).diagnose(), "seeds_disagree")
    evidence = "val_f1 varies by 0.3512 (standard deviation), 0.66 of its mean 0.5361, over 3 seeds and by 0.004"
    assert finding.evidence.startswith(evidence)
    assert finding.remedy == "Compare means over seeds, and take at least 6 of them."
    assert "seeds_agree" in codes(make_sweep(SPARSE, healthy).diagnose())


def test_lanes_that_have_not_ended_are_counted():
    found = make_sweep({"seed": [0, 1, 2]}, lambda c: {"status": "INTERRUPTED", "epochs": c.seed}).diagnose()
    assert the(found, "lanes_unfinished").evidence == "3 of 3 lanes have not ended (lanes 0, 1, 2)"
    assert "no_history" not in codes(found)


@pytest.mark.parametrize(
    "nothing",
    [
        {"val_f1": None, "val_recon": None, "edge_count": None, "val_loss": None, "best_threshold": None},
        {"epochs": 0, "status": "INTERRUPTED"},
        {"grad_to_adjacency": None, "train_loss": None},
    ],
    ids=["null", "empty", "no-audit"],
)
@pytest.mark.parametrize(
    "grid",
    [[{}], {"seed": [0, 1]}, SPARSE, {"window": [None, 12], "optimizer": ["adam", "adamw"]}, random_points(
        9, lambda_sparse=(1e-5, 1e-2), learning_rate=(1e-4, 1e-2)
    )],
    ids=["one", "seeds", "product", "words", "random"],
)  # fmt: skip
def test_grids_of_any_shape_with_holes_are_judged(grid, nothing):
    found = make_sweep(grid, lambda config: nothing).diagnose()
    assert all(finding.remedy.endswith(".") for finding in found)
    assert not {"best_at_border", "axis_without_effect", "seeds_disagree", "edges_vanish"} & set(codes(found))


def test_random_points_are_not_laid_to_a_field_by_chance():
    points = random_points(40, seed=1, lambda_sparse=(1e-5, 1e-2), clip_norm=(0.1, 10.0))

    def measure(config):
        return {"status": "DIVERGED"} if 0.5 < config.clip_norm < 2 else {"val_f1": config.clip_norm / 20}

    result = make_sweep(points, measure)
    assert "no single field" in the(result.diagnose(), "lanes_diverged").evidence


def test_log_spaced_border_goes_on_in_the_logarithm():
    result = make_sweep({"learning_rate": log_spaced(1e-5, 1e-2, 4)}, lambda c: {"val_f1": c.learning_rate})
    assert the(result.diagnose(), "best_at_border").remedy == "Extend learning_rate to 0.1."
