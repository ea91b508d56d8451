"""What the moments of data lead to: the finding names the sensors it is about."""

from __future__ import annotations

import numpy as np

from jaxstable.moments.lagged import lagged_moments
from jaxstable.results.rules_moments import moment_findings


def test_an_iteration_that_has_not_ended_names_the_sensors_of_which_least_is_known():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 6))
    values[:, 5] = values[:, 0] + 0.01 * rng.normal(size=400)
    for sensor, missing in ((1, 0.2), (2, 0.8), (3, 0.4), (4, 0.6), (5, 0.7)):
        values[rng.permutation(400)[: int(400 * missing)], sensor] = np.nan
    names = tuple("abcdef")
    stopped = lagged_moments(values, n_lags=0, max_iterations=8)
    [finding] = [one for one in moment_findings(stopped, names) if one.code == "em_not_converged"]
    # f has more gaps than e, but a tells what it would have read.
    told = "c (80 % of its rows missing), e (60 % of its rows missing), d (40 % of its rows missing) and 2 more"
    assert finding.evidence.startswith("after 8 steps a covariance still moves by 0.")
    assert finding.evidence.endswith(f"; least is known of {told}")
    ended = lagged_moments(values, n_lags=0)
    assert "em_not_converged" not in [one.code for one in moment_findings(ended, names)]


def test_few_sensors_are_no_functions_of_each_other_for_want_of_others():
    values = np.random.default_rng(0).normal(size=(400, 3))
    assert not moment_findings(lagged_moments(values, n_lags=1), tuple("abc"))
    values[:, 2] = values[:, 0] + values[:, 1] + 0.01 * values[:, 2]
    (finding,) = moment_findings(lagged_moments(values, n_lags=1), tuple("abc"))
    assert finding.evidence == "at every moment nearly a function of others: a of b and c, b of a and c, c of a and b"
