"""The result of a sweep: a table of lanes, the best of them, and what the whole grid says."""

from __future__ import annotations

import operator
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from jaxstable.config import ConfigError
from jaxstable.files.table import MEASURED, better, default_metric, table_row
from jaxstable.results.findings import Finding
from jaxstable.results.train_result import TrainResult
from jaxstable.training.grid import axes_of, static_fields
from jaxstable.training.record import Run

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """Everything a sweep produced; ``grid[i]`` is lane i as a `TrainResult`, ``grid[i:j]`` a list of them.

    Attributes:
        runs: One run per lane.
        run_dir: Where its files are, None if it wrote none.

    Example:
        >>> import jaxstable as js
        >>> config, data = js.Config(epochs=1, batch_size=64), js.datasets.sensors(n_steps=300)
        >>> grid = js.sweep(config, data, {"lambda_sparse": [1e-4, 1e-2]})
        >>> grid[-1].config.lambda_sparse, len(grid.to_pandas())
        (0.01, 2)
    """

    runs: Sequence[Run]
    run_dir: Path | None = None

    def __len__(self) -> int:
        return len(self.runs)

    @overload
    def __getitem__(self, lane: int) -> TrainResult: ...

    @overload
    def __getitem__(self, lane: slice) -> list[TrainResult]: ...

    def __getitem__(self, lane: int | slice) -> TrainResult | list[TrainResult]:
        if isinstance(lane, slice):
            return [TrainResult(run) for run in self.runs[lane]]
        number = operator.index(lane)
        if not -len(self) <= number < len(self):
            raise IndexError(f"lane {number}: the sweep has {len(self)} lanes, 0 to {len(self) - 1}")
        return TrainResult(self.runs[number])

    def __iter__(self) -> Iterator[TrainResult]:
        return (TrainResult(run) for run in self.runs)

    @cached_property
    def axes(self) -> list[str]:
        """The fields in which the lanes differ."""
        return axes_of([run.config for run in self.runs])

    @cached_property
    def table(self) -> list[dict[str, Any]]:
        """One row per lane: status, metrics of its best evaluation (epoch `best_epoch`), and its config.

        `val_recon` is of that same epoch; `last_val_recon` is of the last evaluation.
        """
        return [table_row(lane, run.config, run.history, run.status) for lane, run in enumerate(self.runs)]

    @property
    def metric(self) -> str:
        """The column that ranks the lanes: "val_f1" if the true graph is known, else "val_recon"."""
        return default_metric(self.runs[0].truth is not None)

    def to_pandas(self, all_fields: bool = False) -> pandas.DataFrame:
        """Return the table as a dataframe indexed by lane; the fields of the grid come first.

        Args:
            all_fields: Also give the fields of the config that all lanes share.

        Raises:
            ImportError: pandas is missing.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install 'jaxstable[tables]'") from error
        frame = pd.DataFrame(self.table).set_index("lane")
        shared = self.runs[0].config.to_dict() if all_fields else ()
        rest = [name for name in shared if name not in self.axes]
        return frame.loc[:, [*self.axes, "status", *MEASURED, *rest]]

    def best(self, by: str | None = None) -> TrainResult:
        """Return the best lane.

        Args:
            by: A measured column of the table; None is `metric`. Only "val_f1" is better when it is larger.

        Raises:
            ConfigError: There is no such column, or no lane has a value in it.
        """
        return self[self.ranking(by)[0]]

    def ranking(self, by: str | None = None) -> list[int]:
        """Return the lanes that have not diverged and have a value, the best first.

        Args:
            by: A measured column of the table; None is `metric`.

        Raises:
            ConfigError: There is no such column, or no lane has a value in it.
        """
        by = by or self.metric
        if by not in MEASURED:
            raise ConfigError(f"by: found {by!r}, expected one of {', '.join(MEASURED)}")
        scores = {row["lane"]: row[by] for row in self.table if row["status"] != "DIVERGED" and row[by] is not None}
        if not scores:
            raise ConfigError(f"by: no lane that has not diverged has a {by}; see diagnose()")
        return sorted(scores, key=lambda lane: (-better(by) * scores[lane], lane))

    def summary(self) -> dict[str, Any]:
        """Return the totals: lanes by status, the grid, the time, and the best lane."""
        counts = Counter(run.status for run in self.runs)
        # The lanes of a group are trained together: each carries the time of all.
        times = {static_fields(run.config): run.total_time for run in self.runs}
        scored = any(row[self.metric] is not None and row["status"] != "DIVERGED" for row in self.table)
        best = self.table[self.ranking()[0]] if scored else None
        return {
            "lanes": len(self),
            "status": dict(counts),
            "axes": {axis: list(dict.fromkeys(row[axis] for row in self.table)) for axis in self.axes},
            "total_time": float(sum(times.values())),
            "metric": self.metric,
            "best": best and {name: best[name] for name in ("lane", "status", *self.axes, *MEASURED)},
        }

    def diagnose(self) -> list[Finding]:
        """Return what the whole grid shows; one lane's own findings are in ``grid[i].diagnose()``."""
        from jaxstable.results.diagnosis_grid import diagnose_grid

        return diagnose_grid(self.table, self.axes, [lane.diagnose() for lane in self])

    def plot(self, metric: str | None = None, x: str | None = None, y: str | None = None) -> Figure:
        """Draw a metric over two fields of the grid, and the history of every lane.

        Args:
            metric: Column of the table; None is `metric`.
            x: Field along the horizontal axis; None is the last one of the grid, seeds aside.
            y: Field along the vertical axis; None is the one before it.

        Returns:
            A matplotlib figure, 1,200 pixels wide at 100 dots per inch.

        Raises:
            ConfigError: The metric or a field is unknown.
            ImportError: matplotlib is missing.
        """
        from jaxstable.results.plots_grid import plot_grid

        return plot_grid(self, metric, x, y)

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write log, table, arrays and totals of all lanes into a directory and return it.

        Each file is written whole or not at all; `jaxstable.load` reads them back, but for the parameters:
        ``grid[i].save(dir)`` keeps one lane with its own.
        """
        from jaxstable.results.storage_grid import save

        return save(self, directory)

    def __repr__(self) -> str:
        counts = Counter(run.status for run in self.runs)
        ended = ", ".join(f"{count} {status.lower()}" for status, count in counts.items())
        lanes = f"{len(self)} lane{'s' if len(self) != 1 else ''}"
        return f"SweepResult({lanes} over {', '.join(self.axes) or 'nothing'}: {ended})"

    def _repr_html_(self) -> str:
        from jaxstable.results.report_grid import html

        return html(self)
