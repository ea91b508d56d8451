"""EM over many rows: a sample corrected by passes over all of them, in pieces and on all cores."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.moments import maximisation, passes
from jaxstable.moments.expectation import Gaussian, arrange, expect
from jaxstable.moments.maximisation import maximise, maximise_by_sample
from jaxstable.moments.passes import Pass, Sample, stack
from jaxstable.signals.threads import on_all_cores

START = Gaussian(np.zeros(8), np.eye(8))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(3000, 4)) @ rng.normal(size=(4, 4))
    values[1:] += 0.5 * values[:-1]
    mask = rng.random(values.shape) > 0.3
    return np.where(mask, values / values.std(axis=0), 0.0), mask


def test_pieces_and_blocks_sum_up_to_one_pass_over_all_rows(rows, monkeypatch):
    ends = np.arange(1, 3000)
    whole = expect(arrange(*stack(*rows, ends, 1)), START)
    monkeypatch.setattr(passes, "_ENTRIES_AT_ONCE", 800)  # 100 rows
    monkeypatch.setattr(passes, "_ROWS_OF_A_SAMPLE", 700)
    model = Gaussian(np.full(8, 0.1), START.cov)
    everything = Pass(*rows, np.array_split(ends, 7), 1)
    for total in (everything(START), Sample(*rows, ends, 1)(START)):
        for name, part in whole._asdict().items():
            np.testing.assert_allclose(getattr(total, name), part, rtol=1e-9, atol=1e-9, err_msg=name)
    everything(model)
    assert [len(part) for part in np.array_split(ends, 7)] == [n for n, _, _ in everything.parts]
    first = sum(first for _, first, _ in everything.parts)
    total, mean = everything.total, model.mean
    np.testing.assert_allclose(first, total.first - 2999 * mean, atol=1e-8)
    about = total.second - np.outer(total.first, mean) - np.outer(mean, total.first) + 2999 * np.outer(mean, mean)
    np.testing.assert_allclose(sum(second for _, _, second in everything.parts), about, rtol=1e-4, atol=1e-2)


def test_a_corrected_sample_comes_to_what_all_rows_say_in_a_few_passes(rows):
    ends = np.arange(1, 3000)
    everything = arrange(*stack(*rows, ends, 1))
    truth, _ = maximise(lambda model: expect(everything, model), START, tolerance=1e-7)
    sample = Sample(*rows, ends[::2], 1)
    start, _ = maximise(sample, START, tolerance=1e-3)
    _, alone = maximise(lambda model: expect(everything, model), start, tolerance=1e-4)
    calls = []
    found, by_sample = maximise_by_sample(
        sample, lambda model: calls.append(model) or expect(everything, model), start, tolerance=1e-4
    )
    assert np.abs(start.cov - truth.cov).max() > 0.02  # the sample alone is not enough
    assert np.abs(found.cov - truth.cov).max() < 1e-3
    assert by_sample.converged
    assert by_sample.iterations == len(calls) <= (alone.iterations + 1) / 2
    assert found is calls[-1]
    assert np.diff(by_sample.log_likelihood).min() > 0.0


def test_a_sample_that_leads_astray_is_not_followed(rows):
    everything = arrange(*stack(*rows, np.arange(1, 3000, 3), 1))
    whole = lambda model: expect(everything, model)  # noqa: E731

    def wrong(model):
        sums = whole(model)
        return sums._replace(second=sums.second - 0.9 * (model.cov - START.cov) * sums.n_rows)

    found, info = maximise_by_sample(wrong, whole, START, tolerance=1e-4)
    truth, _ = maximise(whole, START, tolerance=1e-7)
    assert info.converged
    assert np.abs(found.cov - truth.cov).max() < 2e-3


@pytest.mark.parametrize("moves", range(1, 7))
def test_moves_out_of_the_positive_definite_are_not_followed_and_the_last_pass_is_of_what_is_returned(
    rows, moves, monkeypatch
):
    monkeypatch.setattr(maximisation, "_MOST_MOVES", moves)
    some, calls = arrange(*stack(*rows, np.arange(1, 3000, 10), 1)), []

    def wrong(model):
        sums = expect(some, model)
        return sums._replace(second=sums.second - 3.0 * (model.cov - START.cov) * sums.n_rows)

    found, info = maximise_by_sample(
        wrong, lambda model: calls.append(model) or expect(some, model), START, max_iterations=4
    )
    assert found is calls[-1]
    assert (info.converged, info.iterations, len(calls)) == (False, 4, 4)


def test_answers_of_all_cores_keep_their_order_and_errors_come_through():
    assert list(on_all_cores(lambda number: number**2, range(25))) == [number**2 for number in range(25)]
    with pytest.raises(ZeroDivisionError):
        list(on_all_cores(lambda number: 1 // number, [1, 0]))
