"""What diagnosis is told of the data is what training saw."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.config import Config
from jaxstable.data.checks import DataWarning
from jaxstable.data.dataset import Dataset
from jaxstable.data.split import prepare
from jaxstable.training.problem import data_facts


def test_facts_are_of_the_training_rows():
    values = np.random.default_rng(0).normal(size=(400, 3))
    values[:300, 1] = 2.0  # moves only after training
    values[:300, 2] = np.nan  # is observed only after training
    values[-1] = 1e6
    dataset = Dataset.from_array(values, window=8)
    with pytest.warns(DataWarning, match="no observed training entry"):
        facts = data_facts(dataset, prepare(dataset), Config())
    assert facts["constant"] == [dataset.names[1]]
    assert facts["missing_share"] == [0.0, 0.0, 1.0]
    assert 2.0 <= facts["raw_abs_max"] < 10.0
