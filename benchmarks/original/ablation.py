"""Show which fix removes the explosion: each one alone on the unstable setup, and all but one.

Two kinds of adaptive clipping are rows too: ZClip, which the package has (`clip_spikes`), on the whole gradient, and
AdaGC on each parameter; alone, beside all fixes, and in place of the cap.

`python benchmarks/original/ablation.py --data AirQualityUCI.csv [--golden stable_uci.npz] [--recorded
ablation_uci.json]`
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jaxstable as js
from benchmarks.common import RESULTS, table, write_json
from benchmarks.original.recordings import load_golden, load_uci
from benchmarks.original.steps import run_steps, shuffled_orders, training_windows
from jaxstable.training.step import StepInfo

Z_SCORE = 2.5  # of ZClip, as its paper has it
FIXES = {
    "standardize": ("standardize",),
    "lambdas": ("lambda_recon", "lambda_sparse", "lambda_acyclic", "lambda_disen"),
    "clip": ("clip_norm",),
    "lr_wd": ("learning_rate", "weight_decay"),
}


def variants(seed: int = 1337) -> dict[str, js.Config]:
    """Return the configs of the ablation by name.

    `before`, `only_*`, `without_*`, `after`; with adaptive clipping `only_*`, `after_and_*`, and `*_for_clip`, all
    fixes with the loose cap of `before`. AdaGC is no field of a config: rows of its name are run with it.
    """
    after = js.Config(model="rcgnn_latent", optimizer="adam", seed=seed)
    before = js.Config.unstable(seed=seed)

    def mixed(base: js.Config, other: js.Config, fields: tuple[str, ...]) -> js.Config:
        return base.replace(**{name: getattr(other, name) for name in fields})

    return {
        "before": before,
        **{f"only_{fix}": mixed(before, after, fields) for fix, fields in FIXES.items()},
        **{f"without_{fix}": mixed(after, before, fields) for fix, fields in FIXES.items()},
        "after": after,
        **{
            place: base.replace(clip_spikes=Z_SCORE if "zclip" in place else 0.0)
            for kind in ("zclip", "adagc")
            for place, base in {
                f"only_{kind}": before,
                f"after_and_{kind}": after,
                f"{kind}_for_clip": mixed(after, before, FIXES["clip"]),
            }.items()
        },
    }


def epoch_means(info: StepInfo) -> list[dict[str, Any]]:
    """Return one record per epoch, with the keys of the recorded ablation."""
    clipped, skipped = info.clipped.mean(1), info.skipped.sum(1)
    return [
        {
            "epoch": epoch + 1,
            "train_loss": float(info.loss[epoch].mean(dtype=np.float64)),
            "mean_grad_norm": float(info.grad_norm[epoch].mean(dtype=np.float64)),
            "max_grad_norm": float(info.grad_norm[epoch].max()),
            "grad_clip_ratio": float(clipped[epoch]),
            "skipped_steps": int(skipped[epoch]),
            "spikes": None if info.spiked is None else int(info.spiked[epoch].sum()),
        }
        for epoch in range(len(info.loss))
    ]


def draw(infos: Mapping[str, StepInfo], configs: Mapping[str, js.Config], path: Path) -> Path:
    """Draw the gradient norm of every step before and after, with what each clips at."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    for name, colour in (("before", "#b3403a"), ("after", "#2f6f9f")):
        norms = infos[name].grad_norm.ravel()
        axes.plot(1 + np.arange(len(norms)), norms, color=colour, linewidth=0.6, label=f"{name}: gradient norm")
        clip = configs[name].clip_norm
        axes.axhline(clip, color=colour, linestyle="--", linewidth=1, label=f"{name}: clipped at {clip:g}")
    n_steps = infos["after"].grad_norm.shape[1]
    for epoch in range(1, len(infos["after"].grad_norm)):
        axes.axvline(epoch * n_steps, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.set(yscale="log", xlabel="step (grey: end of an epoch)", ylabel="gradient norm", xlim=(1, None))
    axes.legend(frameon=False, ncols=2, loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="sensor CSV, e.g. the original AirQualityUCI.csv")
    parser.add_argument("--window", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1337, help="of initialisation and shuffling, without --golden")
    parser.add_argument("--golden", help="take initial parameters and batch order from this recording")
    parser.add_argument("--recorded", help="the original's ablation (JSON), to print beside ours")
    parser.add_argument("--out", help="where to write the JSON (default: benchmarks/results/ablation.json)")
    parser.add_argument("--picture", type=Path, default=RESULTS / "ablation.png")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Train every variant, print the table, write JSON and picture."""
    options = _parse(arguments)
    configs = variants(options.seed)
    if options.golden:
        golden = load_golden(options.golden)[0]
        data, params = golden.windows(options.data, options.window), golden.init
        orders = list(golden.order[: options.epochs])
    else:
        data, params = load_uci(options.data, options.window), None
        orders = shuffled_orders(options.seed, options.epochs, data.n_train, configs["after"].batch_size)
    recorded = json.loads(Path(options.recorded).read_text()) if options.recorded else {}
    inputs = {standardize: training_windows(data, standardize) for standardize in (False, True)}
    infos = {
        name: run_steps(config, inputs[config.standardize], orders, params, adagc="adagc" in name)
        for name, config in configs.items()
    }
    records = {name: epoch_means(info) for name, info in infos.items()}
    rows = []
    for name, epochs in records.items():
        first, last = epochs[0], epochs[-1]
        row = [name, first["train_loss"], first["mean_grad_norm"], 100 * first["grad_clip_ratio"], last["train_loss"]]
        if recorded:
            original = recorded.get(name)
            row += [original[0]["train_loss"], original[0]["mean_grad_norm"]] if original else [None, None]
        rows.append(row)
    header = ["", "loss, epoch 1", "gradient norm, epoch 1", "clipped, %", f"loss, epoch {len(orders)}"]
    print(table(rows, header + (["recorded loss", "recorded norm"] if recorded else [])))
    settings = {name: dataclasses.asdict(config) for name, config in configs.items()}
    print(write_json("ablation", {"epochs": records, "configs": settings}, options.out))
    print(draw(infos, configs, options.picture))
    return 0


if __name__ == "__main__":
    sys.exit(main())
