"""Small matrices run on one thread of BLAS, and the number before is set again, whatever happens inside."""

import numpy as np
import pytest
import threadpoolctl

from jaxstable.signals.prepare import prepare
from jaxstable.signals.threads import one_blas_thread

pytestmark = pytest.mark.skipif(
    not any(pool["user_api"] == "blas" for pool in threadpoolctl.threadpool_info()),
    reason="this machine's BLAS does not let itself be told how many threads to use",
)


def threads():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]


def test_one_thread_inside_and_the_number_before_after_it():
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        with one_blas_thread():
            assert set(threads()) == {1}
        assert threads() == before
        with pytest.raises(ValueError, match="inside"), one_blas_thread():
            raise ValueError("inside")
        assert threads() == before


def test_the_preparation_runs_on_one_thread(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "jaxstable.signals.prepare.find_held", lambda *_, **__: seen.extend(threads()) or np.zeros((50, 2), bool)
    )
    prepare(np.random.default_rng(0).normal(size=(50, 2)), np.ones((50, 2), bool))
    assert set(seen) == {1}
