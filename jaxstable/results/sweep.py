"""The result of a sweep: a table of lanes, the best of them, and what the whole grid says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxstable.config import ConfigError
from jaxstable.results.findings import Finding
from jaxstable.results.result import TrainResult
from jaxstable.training.grid import axes_of
from jaxstable.training.record import Run
from jaxstable.training.sweep import table_row

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

HIGHER_IS_BETTER = ("val_f1",)


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """Everything a sweep produced; ``grid[i]`` is lane i as a `TrainResult`.

    Attributes:
        runs: One run per lane.
        run_dir: Where its files are, None if it wrote none.
    """

    runs: Sequence[Run]
    run_dir: Path | None = None

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, lane: int) -> TrainResult:
        return TrainResult(self.runs[lane])

    def __iter__(self) -> Iterator[TrainResult]:
        return (TrainResult(run) for run in self.runs)

    @property
    def axes(self) -> list[str]:
        """The fields in which the lanes differ."""
        return axes_of([run.config for run in self.runs])

    @property
    def table(self) -> list[dict[str, Any]]:
        """One row per lane: status, metrics of its best evaluation, and its config."""
        return [table_row(lane, run.config, run.history, run.status) for lane, run in enumerate(self.runs)]

    def to_pandas(self) -> pandas.DataFrame:
        """Return the table as a dataframe indexed by lane; the fields of the grid come first.

        Raises:
            ImportError: pandas is missing.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install 'jaxstable[tables]'") from error
        frame = pd.DataFrame(self.table).set_index("lane")
        fields = list(self.runs[0].config.to_dict())
        measured = [name for name in frame.columns if name not in fields]
        rest = [name for name in fields if name not in self.axes]
        return frame[[*self.axes, *measured, *rest]]

    def best(self, by: str | None = None) -> TrainResult:
        """Return the best lane.

        Args:
            by: A measured column of the table. By default "val_f1" if the true graph is known, else "val_recon",
                the unweighted validation reconstruction: total losses of lanes with other lambdas do not compare.

        Raises:
            ConfigError: There is no such column, or no lane has a value in it.
        """
        by = by or ("val_f1" if self.runs[0].truth is not None else "val_recon")
        if by not in self.table[0]:
            raise ConfigError(f"by: found {by!r}, expected one of {', '.join(self.table[0])}")
        scores = {row["lane"]: row[by] for row in self.table if row["status"] != "DIVERGED" and row[by] is not None}
        if not scores:
            raise ConfigError(f"by: no lane that has not diverged has a {by}")
        sign = -1 if by in HIGHER_IS_BETTER else 1
        return self[min(scores, key=lambda lane: (sign * scores[lane], lane))]

    def diagnose(self) -> list[Finding]:
        """Return what the whole grid shows; one lane's own findings are in ``grid[i].diagnose()``."""
        from jaxstable.results.diagnosis_grid import diagnose_grid

        return diagnose_grid(self.table, self.axes, [TrainResult(run).diagnose() for run in self.runs])

    def plot(self, metric: str | None = None, x: str | None = None, y: str | None = None) -> Figure:
        """Draw a metric over two fields of the grid, and the history of every lane.

        Args:
            metric: Column of the table, by default the one that `best` uses.
            x: Field along the horizontal axis, by default the last numeric one of the grid.
            y: Field along the vertical axis, by default the one before it.

        Returns:
            A matplotlib figure, 1,200 pixels wide at 100 dots per inch.
        """
        from jaxstable.results.plots_grid import plot_grid

        return plot_grid(self, metric, x, y)

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write every lane to a directory of its own, lane-000 and so on, readable by `jaxstable.load`."""
        directory = Path(directory)
        digits = max(3, len(str(len(self) - 1)))
        for lane, result in enumerate(self):
            result.save(directory / f"lane-{lane:0{digits}d}")
        return directory

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for run in self.runs:
            counts[run.status] = counts.get(run.status, 0) + 1
        ended = ", ".join(f"{number} {status.lower()}" for status, number in counts.items())
        return f"SweepResult({len(self)} lanes over {', '.join(self.axes) or 'nothing'}: {ended})"
