"""The PyTorch baseline is the original, and the recorded plateau is torch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the baseline needs torch, which is not installed")

from benchmarks.original import baseline_torch, record_plateau, recordings  # noqa: E402

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "plateau_torch.npz"


@pytest.mark.parametrize("case", ["stable", "before"])
def test_the_baseline_replays_the_recording(shared, case):
    (golden,) = recordings.load_golden(shared / "golden" / "small.npz", case)
    found = baseline_torch.replay(golden)
    assert recordings.difference(golden.loss, found[..., 0]).every < 2e-6
    assert recordings.difference(golden.grad_norm, found[..., 1]).every < 2e-6
    np.testing.assert_allclose(found[..., 2:], golden.components, rtol=5e-6, atol=1e-6)


def test_a_reversed_edge_counts_once_and_the_diagonal_not_at_all():
    truth = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]], bool)
    graph = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0]], bool)
    assert baseline_torch.graph_scores(graph, truth) == (0.5, 1)
    assert baseline_torch.graph_scores(truth, truth) == (1.0, 0)


def test_training_learns_and_every_threshold_is_evaluated():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 6, 4)).astype(np.float32)
    data = recordings.Data(values, np.ones_like(values), tuple("abcd"), 28, 6)
    records = baseline_torch.train(data, recordings.SETUPS["stable"], epochs=12, validation="total")
    losses = [record["train_loss"] for record in records]
    assert losses[-1] < losses[0]
    model = baseline_torch.RCGNN(4)
    x, mask = torch.from_numpy(values[28:34]), torch.ones(6, 6, 4)
    sweep = baseline_torch.validate(model, recordings.SETUPS["stable"], x, mask, np.eye(4, k=1, dtype=bool))
    assert len(sweep) == 21
    assert sweep[-1].f1 == 0.0  # no gate exceeds 1
    assert sweep[-1].shd == 3
    assert len({item.loss for item in sweep}) == 1


def test_the_recorded_plateau_can_be_made_again():
    with np.load(FIXTURE) as file:
        recorded = {name: file[name] for name in file.files}
    again = record_plateau.record()
    assert again.keys() == recorded.keys()
    for name, array in again.items():
        np.testing.assert_array_equal(array, recorded[name], err_msg=name)
