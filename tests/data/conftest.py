"""What the tests of this room share: the place of the development data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    root = Path(__file__).resolve().parents[2]
    place = Path(os.environ.get("JAXSTABLE_SHARED", root.parent / "shared")) / "data"
    if not place.is_dir():
        pytest.skip(f"no development data at {place}: set JAXSTABLE_SHARED")
    return place
