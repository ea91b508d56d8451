"""The result of a sweep: a table of lanes, the best of them, and what the whole grid says."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from jaxstable.files import archive
from jaxstable.files.table import MEASURED
from jaxstable.phrases import counted, ended_text
from jaxstable.results.about import about
from jaxstable.results.archives import of_lanes, to_lanes
from jaxstable.results.diagnosis import diagnose_grid
from jaxstable.results.findings import Finding
from jaxstable.results.lane_table import Lanes, best_lanes, lane_totals
from jaxstable.results.owner import ReportedResult
from jaxstable.results.plots_grid import plot_grid
from jaxstable.results.report import Report
from jaxstable.results.train_result import TrainResult
from jaxstable.training.record import Run

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult(ReportedResult):
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
    def lanes(self) -> Lanes:
        """Table, axes, ranking and histories, as a value."""
        return Lanes.of(self.runs)

    @property
    def axes(self) -> Sequence[str]:
        """The fields in which the lanes differ."""
        return self.lanes.axes

    @property
    def table(self) -> Sequence[Any]:
        """One row per lane: status, metrics of its best evaluation (epoch `best_epoch`), and its config.

        `val_recon` is of that same epoch; `last_val_recon` is of the last evaluation.
        """
        return self.lanes.table

    @property
    def metric(self) -> str:
        """The column that ranks the lanes: "val_f1" if the true graph is known, else "val_recon"."""
        return self.lanes.metric

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
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        frame = pd.DataFrame(self.table).set_index("lane")
        shared = self.runs[0].config.to_dict() if all_fields else ()
        rest = [name for name in shared if name not in self.axes]
        return frame.loc[:, [*self.axes, "status", *MEASURED, *rest]]

    def best(self, by: str | None = None) -> TrainResult:
        """Return the best lane.

        Args:
            by: A column of the table that measures quality; None is `metric`. Only "val_f1" is better when larger.

        Raises:
            ConfigError: There is no such column, it has no better and worse, or no lane has a value in it.
        """
        return self[self.ranking(by)[0]]

    def ranking(self, by: str | None = None) -> list[int]:
        """Return the lanes that have not diverged and have a value, the best first.

        Args:
            by: A column of the table that measures quality; None is `metric`.

        Raises:
            ConfigError: There is no such column, it has no better and worse, or no lane has a value in it.
        """
        return self.lanes.ranking(by)

    def summary(self) -> dict[str, Any]:
        """Return the totals: lanes by status, the grid, the time, and the best lane."""
        return self.lanes.summary()

    def diagnose(self) -> list[Finding]:
        """Return what the whole grid shows; one lane's own findings are in ``grid[i].diagnose()``."""
        return diagnose_grid(self.table, self.axes, [lane.diagnose() for lane in self])

    def overview(self) -> Report:
        """Return what the sweep says, as a value."""
        best = self.ranking()[0] if self.lanes.scored(self.metric) else None
        shown = "" if best is None else f"; lane {best} is best by {self.metric}"
        return Report(
            title=f"{self._outcome}{shown}",
            tables=(best_lanes(self.lanes),),
            totals=lane_totals(self.lanes),
            findings=tuple(self.diagnose()),
            settings=(),
            document=self.summary(),
            graph=None if best is None else self[best].learned,
            draw=self.plot,
            **about(self.run_dir, self[0].learned.units)._asdict(),
        )

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
        return plot_grid(self.lanes, metric, x, y)

    def save(self, directory: str | Path) -> Path:
        """Write log, table, arrays and totals of all lanes into a directory and return it.

        Each file is written whole or not at all; `jaxstable.load` reads them back, but for the parameters:
        ``grid[i].save(dir)`` keeps one lane with its own.

        Raises:
            RunDirectoryError: The directory holds another run or sweep.
        """
        return archive.save(directory, of_lanes(self.runs, self.lanes), own=self.run_dir)

    @classmethod
    def load(cls, directory: str | Path) -> SweepResult:
        """Read what `save` or a finished sweep wrote.

        Raises:
            RunDirectoryError: A file is missing or damaged.
        """
        return cls(to_lanes(archive.load(directory), Path(directory)), Path(directory))

    def __eq__(self, other: object) -> bool:
        """Compare lane by lane what was learned and how it went."""
        return list(self) == list(other) if isinstance(other, SweepResult) else NotImplemented

    def __hash__(self) -> int:
        return hash((len(self), self.runs[0].names))

    @property
    def _outcome(self) -> str:
        ended = ", ".join(f"{count} {ended_text(status)}" for status, count in self.lanes.statuses.items())
        lanes = counted(len(self), "lane")
        return f"{lanes} over {', '.join(self.axes) or 'nothing'}: {ended}"

    def __repr__(self) -> str:
        return f"SweepResult({self._outcome})"
