"""Groups in which all are linked: found, the largest first, and their sizes at every link."""

from __future__ import annotations

import numpy as np

from jaxstable.graph.groups import crowds, suspects


def linked(n_vars: int, *groups: tuple[int, ...]) -> np.ndarray:
    found = np.zeros((n_vars, n_vars), bool)
    for group in groups:
        found[np.ix_(group, group)] = True
    return found & ~np.eye(n_vars, dtype=bool)


def test_groups_come_the_largest_first_and_small_ones_not_at_all():
    assert suspects(linked(12, (0, 1, 2, 3), (3, 4, 5, 6, 7), (9, 10, 11))) == [(3, 4, 5, 6, 7), (0, 1, 2, 3)]


def test_every_link_knows_the_size_of_its_group():
    sizes = crowds(linked(9, (0, 1, 2, 3, 4), (4, 5, 6), (7, 8)))
    assert np.array_equal(sizes, sizes.T)
    assert (sizes[np.ix_(range(5), range(5))] == 5 * ~np.eye(5, dtype=bool)).all()
    assert (sizes[4, 5], sizes[5, 6], sizes[7, 8], sizes[0, 8]) == (3, 3, 2, 0)
