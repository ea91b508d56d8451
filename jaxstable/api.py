"""The calls that most users need: data in, result out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from jaxstable.config import Config, ConfigError
from jaxstable.data.blocks import Blocks, too_large
from jaxstable.data.dataset import Dataset
from jaxstable.data.sources import as_dataset
from jaxstable.discovery.asked import Edge
from jaxstable.files.runfiles import Notes
from jaxstable.models.base import Model
from jaxstable.results.discovery_result import Discovery
from jaxstable.results.in_blocks import discover_in_blocks
from jaxstable.results.running import run_sweep, run_train
from jaxstable.results.sweep_result import SweepResult
from jaxstable.results.train_result import TrainResult
from jaxstable.training.distributed import is_first, taken_by_first
from jaxstable.training.grid import NAMED_GRIDS, Grid, expand
from jaxstable.training.interruption import Interrupted
from jaxstable.training.record import Run
from jaxstable.training.search import ROUND, Space, checked_score, search_lanes
from jaxstable.training.spec import Optimizer
from jaxstable.training.sweep import OnSweepEpoch


def train(
    config: Config | Mapping[str, Any] | None = None,
    data: Dataset | Any = None,
    *,
    run_dir: str | Path | None = None,
    resume: bool = False,
    progress: bool | Literal["full"] | None = None,
    model: Model | None = None,
    optimizer: Optimizer | None = None,
    on_epoch: Callable[[Mapping[str, Any]], object] | None = None,
    notes: Notes | None = None,
) -> TrainResult:
    """Train one model on one data set, with its health on record.

    Of the windows the oldest 70 % train, the next 15 % validate: they decide about the learning rate, the state that
    is kept and early stopping. The newest 15 % are read once, when all is done: ``summary()["test_loss"]``. F1 and SHD
    judge the one graph that the run ends with, and belong to no part of the windows.

    Args:
        config: Every choice of the run; a mapping of fields is taken too. None is ``Config()``.
        data: A `Dataset`, an array ``[time, variables]`` or a dataframe. None is the embedded plant,
            ``datasets.sensors()``.
        run_dir: Directory for log, checkpoint, graph and summary; None writes nothing. A run that is already
            there is moved to a numbered directory beside it.
        resume: Go on from the checkpoint in `run_dir`, bit for bit as if the run had never stopped; without one,
            starts anew as if this were False. `epochs` alone may have changed; where a schedule or the model follows
            the share of the run that is done, as `svar` does, a longer run is then not the one that was never
            stopped, and a warning says so.
        progress: Show the epochs on standard error; "full" prints the line of each; None does so in a terminal or
            notebook only.
        model: A model of your own, instead of the one that the config names.
        optimizer: A function from the run's traced numbers (``learning_rate``, ``weight_decay``, ``clip_norm``, ...)
            to an optax transform, in place of clipping and Adam; the plateau's scale comes after it.
        on_epoch: Called with the health record of every epoch, as soon as it is in the log.
        notes: JSON documents to lay into `run_dir` by file name, such as where the data came from.

    Returns:
        The result, of the best state.

    Raises:
        ConfigError: A field is unknown or out of its range.
        DataError: The data cannot be trained on.
        RunDirectoryError: The directory is in use, damaged, or holds another run.
        Interrupted: Ctrl-C or SIGTERM, be it in the last epoch; the epoch was finished, everything saved, and
            `result` holds the run.

    Example:
        >>> import jaxstable as js
        >>> result = js.train(js.Config(epochs=1), js.datasets.sensors(n_steps=300), progress=False)
        >>> result.adjacency.shape
        (13, 13)
    """
    config, dataset = _as_config(config), as_dataset(data)
    how = {"run_dir": run_dir, "resume": resume, "model": model, "optimizer": optimizer, "notes": notes}
    return run_train(config, dataset, progress, on_epoch, **how)


def sweep(
    config: Config | Mapping[str, Any] | None = None,
    data: Dataset | Any = None,
    grid: Grid | None = None,
    *,
    run_dir: str | Path | None = None,
    resume: bool = False,
    progress: bool | Literal["full"] | None = None,
    model: Model | None = None,
    devices: Sequence[Any] | None = None,
    width: int | None = None,
    optimizer: Optimizer | None = None,
    on_epoch: OnSweepEpoch | None = None,
    notes: Notes | None = None,
) -> SweepResult:
    """Train every point of a grid as a lane of one compiled program.

    A lane is what `train` gives for its config, whatever runs beside it; one that diverges is frozen and
    reported. Another float or seed compiles nothing anew; any other field does, once per value.

    Args:
        config: What all lanes have in common; a mapping of fields is taken too. None is ``Config()``.
        data: As for `train`.
        grid: A mapping from fields to lists of values (their product is taken), a list of configs or of mappings
            of changed fields, or the name of a grid: "structure" or "penalties". `grids.log_spaced` and
            `grids.random_points` make values.
        run_dir: Directory for log, table, checkpoints and arrays; None writes nothing. A run or sweep that is
            already there is moved to a numbered directory beside it.
        resume: Go on from the checkpoints in `run_dir`, as if the sweep had never stopped; starts anew if there
            are none.
        progress: Show the lanes while they run; None does so in a terminal or notebook only.
        model: A model of your own for all lanes, instead of the one that the config names.
        devices: JAX devices to spread the lanes over; None is all of this process.
        width: Lanes that one device takes at a time; None is 1 on a CPU and as many as fit elsewhere.
        optimizer: As for `train`, for all lanes.
        on_epoch: Called after every epoch with the new health records by lane; lanes that have ended have none.
        notes: JSON documents to lay into `run_dir` by file name.

    Returns:
        The result; ``result[i]`` is lane i.

    Raises:
        ConfigError: The grid is missing, or a field is unknown or out of its range.
        DataError: The data cannot be trained on.
        RunDirectoryError: The directory is in use, damaged, or holds another sweep.
        Interrupted: Ctrl-C or SIGTERM; the epoch was finished, everything saved, and `result` holds the sweep.

    Example:
        >>> import jaxstable as js
        >>> config, data = js.Config(epochs=1, batch_size=64), js.datasets.sensors(n_steps=300)
        >>> js.sweep(config, data, {"lambda_sparse": [1e-4, 1e-2]}, progress=False)
        SweepResult(2 lanes over lambda_sparse: 2 finished)
    """
    if grid is None:
        raise ConfigError(
            "grid: found none; give a mapping such as {'lambda_sparse': [1e-4, 1e-3], 'seed': range(5)}, a list of "
            f"configs, or one of {', '.join(map(repr, NAMED_GRIDS))}; for a single run there is train"
        )
    how = {"run_dir": run_dir, "resume": resume, "model": model, "devices": devices, "width": width}
    how |= {"optimizer": optimizer, "notes": notes}
    return run_sweep(expand(_as_config(config), grid), as_dataset(data), progress, on_epoch, **how)


def search(
    config: Config | Mapping[str, Any] | None = None,
    data: Dataset | Any = None,
    space: Space | None = None,
    *,
    rounds: int = 4,
    lanes: int = 16,
    by: str | None = None,
    seed: int = 0,
    run_dir: str | Path | None = None,
    resume: bool = False,
    progress: bool | Literal["full"] | None = None,
    model: Model | None = None,
    devices: Sequence[Any] | None = None,
    width: int | None = None,
) -> SweepResult:
    """Search a space with Optuna: rounds of lanes, each placed by what the rounds before have shown.

    Args:
        config: What all lanes have in common; a mapping of fields is taken too. None is ``Config()``.
        data: As for `train`.
        space: Fields, each with a pair (low, high) or a list of values; floats are searched in the logarithm.
        rounds: Rounds, >= 1.
        lanes: Lanes of a round, >= 1; all rounds share one compiled program.
        by: Column of the table to search by; None is "val_f1" if the true graph is known, else "val_recon".
        seed: Seed of the points; the same seed gives the same ones.
        run_dir: Directory for the search, with a sweep directory for each round in it; None writes nothing.
        resume: Go on from what `run_dir` holds: rounds that are done are read, not trained.
        progress: As for `sweep`.
        model: As for `sweep`.
        devices: As for `sweep`.
        width: As for `sweep`.

    Returns:
        The lanes of all rounds, in order: lane ``i`` belongs to round ``i // lanes``.

    Raises:
        ConfigError: The space is missing, or a field, a range or a number is refused.
        ImportError: Optuna is not installed.
        RunDirectoryError: The directory is in use, damaged, or holds another search.
        Interrupted: Ctrl-C or SIGTERM; everything was saved, and `result` holds the lanes so far.
    """
    if space is None:
        raise ConfigError("space: found none; give a mapping such as {'lambda_sparse': (1e-5, 1e-2)}")
    config, dataset = _as_config(config), as_dataset(data)
    by = checked_score(by, dataset.truth is not None)
    done: list[Run] = []
    with taken_by_first(run_dir, ROUND.format("*"), resume=resume) as directory:

        def train_round(number: int, configs: Sequence[Config]) -> Sequence[Run]:
            where = directory and directory / ROUND.format(number)
            how = {"run_dir": where, "resume": resume, "model": model, "devices": devices, "width": width}
            try:
                done.extend(run_sweep(configs, dataset, progress, title=f"Round {number + 1}/{rounds} | ", **how).runs)
            except Interrupted as stop:
                stop.result = SweepResult([*done, *stop.result.runs])
                raise
            return done[-len(configs) :]

        search_lanes(config, space, train_round, by=by, rounds=rounds, lanes=lanes, seed=seed)
        result = SweepResult(done, directory)
        if directory is not None and is_first():
            result.save(directory)
        return result


def discover(
    data: Dataset | Any,
    *,
    max_lag: int | None = None,
    required: Iterable[Edge] | None = None,
    forbidden: Iterable[Edge] | None = None,
    draws: int = 50,
    seed: int = 0,
    prepare: Any = "auto",
    progress: bool | Literal["full"] | None = None,
) -> Discovery:
    """Find the causal graph of sensor time series, with the confidence in every edge.

    What is not dynamics is taken out of the signals (`signals.prepare`: levels of recordings, drift, cycles, spikes,
    steps to another level, repeats of held or stuck sensors), each where a test says that it is there. Second moments
    are expected under the gaps, and one refit criterion (`graph.criterion`) chooses the number of lags, the likelihood,
    the sparsity weight and the graph, among fits of `SVAR` at six sparsity weights and all graphs near them; from some
    60 sensors on at three, from some 600 on the search starts at no edges, without fits. The same is done for every
    bootstrap draw of the moments; the share of the draws that choose an edge, and what speaks for it in the full data,
    give its probability (`graph.calibration`). A true graph that the data may come with is never looked at.

    Where the squares of sensors explain what their values on a line do not, they join the causes
    (`discovery.squares`); where sensors behave as if something unmeasured acted on them, so does that
    (`discovery.hidden`). Where effects bend so much that a nonlinear network predicts the last quarter of the rows
    clearly better than a linear one (`discovery.bends`), the graph is that of `RCGNN(decoder="graph")` instead: a
    probability is then the mean of its gate over four fits, and a weight still a linear refit.

    A sensor that never changes, or is read less than a quarter as often as the median one, is left out unless an
    edge of it is required; `findings` says so.

    Args:
        data: A `Dataset`, an array ``[time, variables]``, a dataframe or a path, or `Blocks` of rows that need not fit
            into memory, as a Parquet file or folder becomes that does not. Labels of environments are taken from the
            data set: they share the graph, not the noise.
        max_lag: Largest lag to look at, in steps, >= 0; how many of them are needed is chosen. None looks at two,
            and at more while the rows remember more (`moments.memory`), at most 12.
        required: Edges (cause, effect, lag) that the graph must hold, by name or index.
        forbidden: Edges (cause, effect, lag), or (cause, effect) for every lag, that it must not hold.
        draws: Draws of the bootstrap, >= 0; with 0 the graph itself counts as the only draw.
        seed: Seed of the draws.
        prepare: "auto", "none", or a mapping from parts (`levels`, `drift`, `cycles`, `spikes`, `held`, `steps`) to
            "auto", True (without a test), False, a number of waves (`drift`) or a list of periods in rows (`cycles`).
        progress: Show what is going on; None does so in a terminal or notebook only.

    Returns:
        The discovery; the same arguments give the same one. `update` goes on with rows that came later.

    Raises:
        ConfigError: An argument is refused.
        DataError: The data cannot be used, or no series is longer than `max_lag`.

    Example:
        >>> import jaxstable as js
        >>> found = js.discover(js.datasets.sensors(n_steps=1000), draws=0, progress=False)
        >>> found.edge_probability.shape
        (13, 13)

    Reference:
        Meinshausen, Buhlmann, Stability selection, 2010 (edge frequencies); Pamfil et al., DYNOTEARS, 2020
        (gradient estimation of lagged graphs).
    """
    asked = {"max_lag": max_lag, "required": required, "forbidden": forbidden}
    asked |= {"draws": draws, "seed": seed, "prepare": prepare}
    if too_large(data):
        data = Blocks(str(data))
    if isinstance(data, Blocks):
        return discover_in_blocks(data, asked, progress)
    dataset = as_dataset(data, window=2)  # it looks at pairs of rows up to max_lag apart, at no windows
    return Discovery.in_rows(dataset, asked, progress)


def _as_config(config: Config | Mapping[str, Any] | None) -> Config:
    if config is None:
        return Config()
    if isinstance(config, Mapping):
        return Config.from_dict(config)
    if not isinstance(config, Config):
        raise ConfigError(f"config: found a {type(config).__name__}, expected a Config; the data come second")
    return config
