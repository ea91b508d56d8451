"""Record what torch's ReduceLROnPlateau does on random metric sequences.

`python benchmarks/original/record_plateau.py` writes `tests/fixtures/plateau_torch.npz` anew, byte for byte.
Run r feeds `metric_values[metrics[sequence[r]]]` to the scheduler of `settings[setting[r]]` (columns
`setting_names`, minimised, torch's eps of 1e-8); `scale_values[scale[r]]` is the learning rate after
each evaluation over the initial one. Setting 0 is the stable setup, and every sequence is run with it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import ROOT

N_SEQUENCES = 2000
LENGTH = 40
SETTING_NAMES = (
    "learning_rate",
    "factor",
    "patience",
    "cooldown",
    "threshold",
    "relative",
    "min_lr",
)
STABLE = (5e-4, 0.5, 3, 1, 1e-4, 1, 0.0)
FACTORS = (0.1, 0.3, 0.5, 0.9)
THRESHOLDS = (0.0, 1e-4, 1e-2, 0.3)
# At 1e-6 torch soon ignores a reduction (a change of at most 1e-8); at 0.1 a floor is reached.
RATES = ((5e-4, 0.0), (1e-6, 0.0), (0.1, 0.004), (5e-4, 5e-4))
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, 1e-30, 1e30, -1e30, -1.0)
MARGIN = 1e-5


def make_settings() -> np.ndarray:
    """Return the table of settings: patience 0-5 x cooldown 0-3 x both modes, the rest in turn."""
    rest = itertools.cycle(itertools.product(FACTORS, THRESHOLDS, RATES))
    rows: list[tuple[float, ...]] = [STABLE]
    for patience, cooldown, relative, _ in itertools.product(range(6), range(4), (0, 1), range(4)):
        factor, threshold, (rate, floor) = next(rest)
        rows.append((rate, factor, patience, cooldown, threshold, relative, floor))
    return np.array(rows)


def make_values(rng: np.random.Generator, count: int = 96) -> np.ndarray:
    """Draw metric values whose comparisons come out alike in float32 and float64.

    A value is dropped where another one's bar for progress lies within `MARGIN` of it: there the
    rounding would decide, and torch's scheduler computes in float64.
    """
    drawn = rng.lognormal(-1.0, 1.5, 40 * count).astype(np.float32)
    drawn[::7] *= -1
    kept = [np.float32(value) for value in SPECIAL]
    for value in drawn:
        others = np.array([other for other in kept if 1e-20 < abs(other) < 1e20], np.float64)
        new = float(value)
        clear = all(
            np.all(np.abs(low - bar) > MARGIN * np.maximum(np.abs(low), np.abs(bar)))
            for low, best in ((new, others), (others, new))
            for threshold in THRESHOLDS
            for bar in (np.asarray(best * (1.0 - threshold)), np.asarray(best - threshold))
        )
        if clear:
            kept.append(value)
        if len(kept) == count:
            return np.array(kept, np.float32)
    raise RuntimeError(f"only {len(kept)} of {count} values keep the margin; draw more")


def make_metrics(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Return sequences of indices into `values`: falling with noise, stuck, with NaN and infinity."""
    n_special = len(SPECIAL)
    by_size = n_special + np.argsort(-values[n_special:])
    index = np.arange(LENGTH)
    rows = np.empty((N_SEQUENCES, LENGTH), np.uint8)
    for row in rows:
        speed, noise, level = rng.uniform(0, 2.5), rng.choice([0.0, 2.0, 8.0, 60.0]), rng.integers(60)
        place = np.clip(level + speed * index + noise * rng.standard_normal(LENGTH), 0, len(by_size) - 1)
        row[:] = by_size[place.astype(int)]
        if rng.random() < 0.6:  # stuck from one moment to another: exact ties
            start, length = rng.integers(LENGTH), rng.integers(2, 25)
            row[start : start + length] = row[start]
        if rng.random() < 0.5:
            places = rng.random(LENGTH) < rng.choice([0.05, 0.4])
            row[places] = rng.integers(n_special, size=places.sum())
    return rows


def torch_scales(metrics: np.ndarray, setting: np.ndarray) -> list[float]:
    """Return torch's learning rate after each evaluation, over the initial one."""
    import torch

    rate, factor, patience, cooldown, threshold, relative, floor = setting.tolist()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=rate)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="min",
        factor=factor,
        patience=int(patience),
        threshold=threshold,
        threshold_mode="rel" if relative else "abs",
        cooldown=int(cooldown),
        min_lr=floor,
        eps=1e-8,
    )
    scales = []
    for metric in metrics.tolist():
        scheduler.step(metric)
        scales.append(optimizer.param_groups[0]["lr"] / rate)
    return scales


def record(seed: int = 0) -> dict[str, np.ndarray]:
    """Return the arrays of the fixture."""
    rng = np.random.default_rng(seed)
    settings, values = make_settings(), make_values(rng)
    metrics = make_metrics(rng, values)
    others = 1 + np.arange(N_SEQUENCES) % (len(settings) - 1)
    setting = np.concatenate([np.zeros(N_SEQUENCES, int), others])
    sequence = np.tile(np.arange(N_SEQUENCES), 2)
    scales = np.array([torch_scales(values[metrics[s]], settings[k]) for s, k in zip(sequence, setting, strict=True)])
    scale_values, scale = np.unique(scales, return_inverse=True)
    return {
        "metric_values": values,
        "metrics": metrics,
        "setting_names": np.array(SETTING_NAMES),
        "settings": settings,
        "setting": setting.astype(np.uint8),
        "sequence": sequence.astype(np.uint16),
        "scale_values": scale_values,
        "scale": scale.reshape(scales.shape).astype(np.uint16),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the fixture and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=ROOT / "tests" / "fixtures" / "plateau_torch.npz")
    options = parser.parse_args(arguments)
    arrays = record()
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    scale = arrays["scale_values"][arrays["scale"]]
    stable = arrays["setting"] == 0
    print(
        f"{options.out}: {len(scale)} runs of {LENGTH} evaluations, {len(arrays['settings'])} settings, "
        f"{np.mean(scale[stable, -1] < 1):.0%} / {np.mean(scale[~stable, -1] < 1):.0%} of the stable / "
        f"other runs reduced the learning rate"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
