"""Products are exact where a device's default is less, unless the user has chosen."""

from __future__ import annotations

import jax
import pytest

from jaxstable.training.devices import exact_products


@pytest.mark.parametrize(("chosen", "taken"), [(None, "highest"), ("tensorfloat32", "tensorfloat32")])
def test_the_users_precision_goes_before_ours(chosen, taken):
    with jax.default_matmul_precision(chosen), exact_products():
        assert jax.config.jax_default_matmul_precision == taken
