"""The figure that every picture is: a notebook shows it as one, whether or not pyplot was imported there."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Drawn(Figure):
    """A matplotlib figure that knows how a notebook shows it."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()
