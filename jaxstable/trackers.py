"""Hand the health records of a run to TensorBoard, Weights & Biases or MLflow, through `on_epoch=`. Nothing is sent.

Each tracker keeps one run for a training, and one run for every lane of a sweep, in one group. The extra `trackers`
brings the three libraries; each is imported when its tracker is made.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

__all__ = ["Tracker", "mlflow", "tensorboard", "wandb"]

Record = Mapping[str, Any]
Records = Record | Mapping[int, Record]


class _Run(NamedTuple):
    """One run of a library: how to write the numbers of an epoch, and how to end."""

    log: Callable[[int, Mapping[str, float]], object]
    close: Callable[[], object]


class Tracker:
    """What `on_epoch=` of `train` and of `sweep` takes; close it when all is done, or use it in a `with` statement.

    Args:
        begin: makes the run of a lane; its argument is the number of the lane, None for a training.
        end: called after all runs are closed.
    """

    def __init__(self, begin: Callable[[int | None], _Run], end: Callable[[], object] | None = None) -> None:
        self._begin = begin
        self._end = end
        self._runs: dict[int | None, _Run] = {}

    def __call__(self, records: Records) -> None:
        """Write the records of one epoch: one record of a training, or those of a sweep by lane."""
        for lane, record in _by_lane(records):
            if lane not in self._runs:
                self._runs[lane] = self._begin(lane)
            self._runs[lane].log(int(record["epoch"]), numbers(record))

    def close(self) -> None:
        """Close every run."""
        while self._runs:
            self._runs.popitem()[1].close()
        if self._end is not None:
            self._end()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def tensorboard(directory: str | os.PathLike[str]) -> Tracker:
    """Write event files, which `tensorboard --logdir DIRECTORY` shows; a sweep has a folder for every lane.

    Args:
        directory: where the event files go.

    Raises:
        ImportError: tensorboard is not installed.
    """
    make_event = _library("tensorboard", "tensorboard.compat.proto.event_pb2").Event
    summary = _library("tensorboard", "tensorboard.compat.proto.summary_pb2").Summary
    make_writer = _library("tensorboard", "tensorboard.summary.writer.event_file_writer").EventFileWriter

    def begin(lane: int | None) -> _Run:
        writer = make_writer(str(Path(directory) if lane is None else Path(directory) / _name(lane)))

        def log(epoch: int, values: Mapping[str, float]) -> None:
            shown = [summary.Value(tag=name, simple_value=value) for name, value in values.items()]
            writer.add_event(make_event(wall_time=time.time(), step=epoch, summary=summary(value=shown)))

        return _Run(log, writer.close)

    return Tracker(begin)


def wandb(directory: str | os.PathLike[str], project: str = "jaxstable", group: str = "sweep") -> Tracker:
    """Write offline runs of Weights & Biases; `wandb sync` sends them when you want that.

    Args:
        directory: where the folder `wandb` with its runs goes.
        project: name of the project.
        group: name of the group that the lanes of a sweep share.

    Raises:
        ImportError: wandb is not installed.
    """
    library = _library("wandb", "wandb")
    Path(directory).mkdir(parents=True, exist_ok=True)

    def begin(lane: int | None) -> _Run:
        which: dict[str, Any] = {"name": "run"} if lane is None else {"name": _name(lane), "group": group}
        run = library.init(project=project, dir=os.fspath(directory), mode="offline", reinit="create_new", **which)
        return _Run(lambda epoch, values: run.log(dict(values), step=epoch), run.finish)

    return Tracker(begin)


def mlflow(directory: str | os.PathLike[str], experiment: str = "jaxstable") -> Tracker:
    """Write runs into a file store of MLflow, which `mlflow ui --backend-store-uri DIRECTORY` shows.

    The lanes of a sweep are the children of one run.

    Args:
        directory: the file store.
        experiment: name of the experiment, which is made where there is none.

    Raises:
        ImportError: mlflow is not installed.
    """
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # newer versions keep it for those who ask
    metric = _library("mlflow", "mlflow.entities").Metric
    client = _library("mlflow", "mlflow.tracking").MlflowClient(tracking_uri=Path(directory).absolute().as_uri())
    known = client.get_experiment_by_name(experiment)
    place = client.create_experiment(experiment) if known is None else known.experiment_id
    parents: list[str] = []

    def begin(lane: int | None) -> _Run:
        tags = {"mlflow.runName": "run" if lane is None else _name(lane)}
        if lane is not None:
            if not parents:
                parents.append(client.create_run(place, tags={"mlflow.runName": "sweep"}).info.run_id)
            tags["mlflow.parentRunId"] = parents[0]
        run = client.create_run(place, tags=tags).info.run_id

        def log(epoch: int, values: Mapping[str, float]) -> None:
            now = int(1000 * time.time())
            client.log_batch(run, metrics=[metric(name, value, now, epoch) for name, value in values.items()])

        return _Run(log, lambda: client.set_terminated(run))

    return Tracker(begin, lambda: [client.set_terminated(parents.pop()) for _ in list(parents)])


def numbers(record: Record) -> dict[str, float]:
    """Return the numbers of a record by their path; what is null or text is left out.

    >>> numbers({"epoch": 1, "val_f1": None, "train_loss": 0.5, "train_loss_components": {"recon": 0.25}})
    {'train_loss': 0.5, 'train_loss_components/recon': 0.25}
    """
    return {name: value for name, value in _paths(record, "") if name != "epoch"}


def _paths(record: Record, before: str) -> Iterator[tuple[str, float]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{name}/")
        elif isinstance(value, (bool, int, float)):
            yield f"{before}{name}", float(value)


def _by_lane(records: Any) -> list[tuple[int | None, Record]]:
    return [(None, records)] if "epoch" in records else list(records.items())


def _name(lane: int) -> str:
    return f"lane_{lane:03d}"


def _library(name: str, module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"trackers.{name} needs {name}: pip install 'jaxstable[trackers]' ({error})") from error


def __dir__() -> list[str]:
    return __all__
