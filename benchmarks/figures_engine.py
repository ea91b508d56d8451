"""Tables of what the programs in `engine/` recorded, for `figures.py`."""

from __future__ import annotations

from benchmarks.common import record, short, table

_SECONDS = ("CPU s before", "CPU s now", "s before", "s now")


def start() -> str:
    """Processor and wall-clock seconds of whole commands, with and without what an earlier run kept."""
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for name, facts in record("start")["runs"].items():
        what, kind = name.split(" | ")
        side, when = kind.split(", ")
        found.setdefault((what, when), {})[side] = facts
    rows = [
        [
            what,
            when,
            *(f"{sides[side]['cpu_seconds']:.1f}" for side in ("other", "this")),
            f"{sides['other']['cpu_seconds'] / sides['this']['cpu_seconds']:.1f}",
            *(f"{sides[side]['seconds']:.0f}" for side in ("other", "this")),
        ]
        for (what, when), sides in found.items()
    ]
    return table(rows, ["command", "", "CPU s before", "CPU s now", "ratio", "s before", "s now"])


def scale() -> str:
    """Time, memory and F1 of `discover` by size, before and now, and how far an update is from all rows at once."""
    rows = []
    for name, sides in record("scale")["cases"].items():
        now, before = sides["this"], sides.get("other")
        update = f"{now['update_seconds']:.1f}" if "update_seconds" in now else "-"
        apart = f"{now['largest_difference']:g}" if "largest_difference" in now else "-"
        f1 = short(now["f1"])
        rows.append(
            [*name.split(":"), *_seconds(before, now), f"{now['peak_memory_mb'] / 1000:.1f}", f1, update, apart]
        )
    header = ["sensors x rows", "draws", *_SECONDS, "GB", "F1", "update, s", "its largest difference"]
    return table(rows, header)


def moments() -> str:
    """Time and passes over all rows of the moments where a fifth of the readings is missing, before and now."""
    rows = []
    for name, sides in record("scale")["moments"].items():
        now, before = sides["this"], sides.get("other")
        passes = [str(side["passes"]) if side else "-" for side in (before, now)]
        rows.append([name, *_seconds(before, now), *passes])
    return table(rows, ["sensors x rows", *_SECONDS, "passes before", "passes now"])


ABLATION = {
    "before": "the unstable setup",
    "only_standardize": "only standardised sensors",
    "only_lambdas": "only the loss weights",
    "only_clip": "only the cap of 1 on the gradient's norm",
    "only_lr_wd": "only learning rate and decay",
    "only_zclip": "only ZClip",
    "only_adagc": "only AdaGC",
    "after": "the stable setup",
    "without_standardize": "without standardised sensors",
    "without_lambdas": "without the loss weights",
    "without_clip": "with a cap of 10",
    "without_lr_wd": "without learning rate and decay",
    "after_and_zclip": "and ZClip",
    "zclip_for_clip": "with a cap of 10 and ZClip",
    "after_and_adagc": "and AdaGC",
    "adagc_for_clip": "with a cap of 10 and AdaGC",
}


def ablation() -> str:
    """Loss, gradients and spikes of each measure alone and left out."""
    found, rows = record("ablation")["epochs"], []
    for name, what in ABLATION.items():
        first, last = found[name][0], found[name][-1]
        spikes = "-" if last["spikes"] is None else str(sum(epoch["spikes"] for epoch in found[name]))
        clipped = f"{100 * last['grad_clip_ratio']:.0f}"
        rows.append([what, f"{first['mean_grad_norm']:.3g}", f"{first['train_loss']:.3g}", f"{last['train_loss']:.3g}"])
        rows[-1] += [clipped, spikes]
    epochs = len(found["after"])
    header = ["", "gradient norm, epoch 1", "loss, epoch 1", f"loss, epoch {epochs}", f"capped in epoch {epochs}, %"]
    return table(rows, [*header, "spikes"])


def growth() -> str:
    """Processor seconds and memory of `discover` by sensors and by rows, and the exponents."""
    found = record("growth")
    rows = []
    for kind, sizes in (("sensors", found["sensors"]), ("rows", found["rows"])):
        for number, facts in sizes.items():
            rows.append([f"{int(number):,} {kind}", f"{facts['cpu_seconds']:.1f}", *_memory_and_f1(facts)])
        slopes = found["exponents"][kind]
        about = f"exponent of the {found['largest']} largest"
        rows.append([f"{kind}: {about}", f"{slopes['cpu_seconds']:.1f}", f"{slopes['peak_memory_mb']:.1f}", ""])
    return table(rows, ["", "CPU s", "GB", "F1"])


def beside() -> str:
    """Processor seconds, memory and F1 of `discover` and of others on the same data, by the number of sensors."""
    found = record("beside")
    sizes = sorted({int(size) for facts in found["methods"].values() for size in facts})
    rows = []
    for name, by_size in found["methods"].items():
        version = found["settings"]["versions"].get(name)
        cells = [by_size.get(str(size)) for size in sizes]
        own = (
            f"`{name}`" if name.startswith("discover") else f"{name} {version}" if version else f"{name}: not installed"
        )
        rows.append([own, *map(_beside_cell, cells)])
    return table(rows, ["CPU s / GB / F1", *(f"{size} sensors" for size in sizes)])


def _beside_cell(facts: dict[str, float] | None) -> str:
    if facts is None:
        return "-"
    if "error" in facts:
        return str(facts["error"])
    return " / ".join([f"{facts['cpu_seconds']:.0f}", *_memory_and_f1(facts)])


def _memory_and_f1(facts: dict[str, float]) -> tuple[str, str]:
    return f"{facts['peak_memory_mb'] / 1000:.1f}", short(facts["f1"])


def _seconds(before: dict[str, float] | None, now: dict[str, float]) -> list[str]:
    sides = (before, "cpu_seconds"), (now, "cpu_seconds"), (before, "seconds"), (now, "seconds")
    return [f"{side[key]:.1f}" if side else "-" for side, key in sides]
