"""The parity check: it passes what the original recorded, on any data, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.original import parity, recordings


def test_the_small_recording_holds(shared, tmp_path, capsys):
    assert parity.main([str(shared / "golden" / "small.npz"), "--out", str(tmp_path / "parity.json")]) == 0
    assert "parity holds" in capsys.readouterr().out
    assert (tmp_path / "parity.json").exists()


def test_missing_data_is_an_error_of_its_own(shared, capsys):
    assert parity.main([str(shared / "golden" / "stable_uci.npz")]) == 2
    assert "--data" in capsys.readouterr().err


def test_the_recording_may_lie_within_the_range_of_roundings():
    def info(*means):
        values = np.array(means, np.float32)[:, None]
        blank = np.zeros_like(values)
        return parity.StepInfo(values, None, values, blank > 1, None, blank > 1)  # type: ignore[arg-type]

    loss = np.array([[1.0], [2.0]], np.float32)
    golden = recordings.Golden("x", "before", {}, {}, loss, loss, loss, loss, None, None)
    inside = parity.distance_from_range(golden, [info(0.9, 2.2), info(1.2, 1.9)])
    assert inside == {"loss": 0.0, "grad_norm": 0.0}
    outside = parity.distance_from_range(golden, [info(0.9, 2.2), info(1.2, 2.5)])
    assert outside["loss"] == pytest.approx(0.1, rel=1e-5)


@pytest.fixture(scope="module", params=["stable", "before"])
def recording(request):
    """A recording of other data, sizes, batch and seed, made with the baseline."""
    torch = pytest.importorskip("torch", reason="makes a recording with torch, which is not installed")
    from benchmarks.original import baseline_torch

    n_windows, length, n_vars, batch, epochs = 50, 9, 7, 6, 2
    rng = np.random.default_rng(3)
    mask = (rng.random((n_windows, length, n_vars)) < 0.7).astype(np.float32)
    values = (rng.normal(size=mask.shape).cumsum(1) * np.logspace(-1, 2, n_vars) + 5).astype(np.float32) * mask
    steps = -(-n_windows // batch)
    order = np.full((epochs, steps * batch), -1, np.int32)
    for row in order:
        row[:n_windows] = rng.permutation(n_windows)
    order = order.reshape(epochs, steps, batch)
    torch.manual_seed(11)
    init = {name: value.numpy().copy() for name, value in baseline_torch.RCGNN(n_vars).state_dict().items()}
    blank = np.zeros((epochs, steps), np.float32)
    golden = recordings.Golden("", request.param, init, {}, order, blank, blank, blank, values, mask)
    figures = baseline_torch.replay(golden)
    arrays = {"X": values, "M": mask, "order": order, "loss": figures[..., 0], "grad_norm": figures[..., 1]}
    return arrays | {"components": figures[..., 2:]} | {f"init.{name}": value for name, value in init.items()}


def test_a_recording_of_other_data_holds(recording, tmp_path):
    np.savez(tmp_path / "other.npz", **recording)
    assert parity.main([str(tmp_path / "other.npz")]) == 0


@pytest.mark.parametrize("wrong", ["loss", "grad_norm", "order", "init.structure_learner.A_base"])
def test_a_wrong_recording_does_not(recording, wrong, tmp_path):
    changed = dict(recording)
    if wrong == "order":
        changed["order"] = recording["order"][:, ::-1]
    elif wrong.startswith("init"):
        changed[wrong] = recording[wrong] + np.float32(0.5)  # seen by the sparsity alone
    else:
        changed[wrong] = recording[wrong] * np.float32(1.0005)
    np.savez(tmp_path / "wrong.npz", **changed)
    assert parity.main([str(tmp_path / "wrong.npz")]) == 1
