"""Inverses of many positive definite matrices: of any size, against LAPACK."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.moments.inverses import inverse_factors


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8, 13, 30, 31])
@pytest.mark.parametrize("number", [1, 4])
def test_factors_multiply_to_the_inverse_and_are_triangular(number, size):
    root = np.random.default_rng(size).normal(size=(number, size, 2 * size))
    matrices = root @ root.transpose(0, 2, 1)
    factors = inverse_factors(matrices)
    assert np.array_equal(factors, np.tril(factors))
    inverse = factors.transpose(0, 2, 1) @ factors
    np.testing.assert_allclose(inverse, np.linalg.inv(matrices), rtol=1e-9, atol=1e-12)
    logs = -2.0 * np.log(np.einsum("nii->ni", factors)).sum(axis=1)
    np.testing.assert_allclose(logs, np.linalg.slogdet(matrices)[1], rtol=1e-9, atol=1e-12)


def test_nearly_singular_matrices_lose_no_more_than_lapack():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    matrix = (turn * np.logspace(-9, 0, 20)) @ turn.T
    matrix = 0.5 * (matrix + matrix.T)
    factor = inverse_factors(matrix[None])[0]
    assert np.abs(factor.T @ factor @ matrix - np.eye(20)).max() < 1e-6


def test_what_is_not_positive_definite_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        inverse_factors(np.array([np.eye(3), -np.eye(3)]))
