"""Arrow's functions on whole columns; their module makes its names at run time, where no type checker sees them."""

from __future__ import annotations

from typing import Any


def kernels() -> Any:
    """Return `pyarrow.compute`, imported when it is needed."""
    import pyarrow.compute

    return pyarrow.compute
