"""Every model, trained briefly on the embedded plant: its diagnosis warns of nothing that is not so."""

from __future__ import annotations

import pytest

import jaxstable as js
from jaxstable.models.registry import MODELS

# The reference's decoder never reads its adjacency: these two are what is wrong with it. Whether the edges of its
# initialisation are still there or gone is up to the last bit of the machine.
TRUE_OF = {"rcgnn_latent": [{"reconstruction_never_reaches_adjacency"}, {"edges_not_learned", "no_edges"}]}


@pytest.fixture(scope="module")
def plant():
    return js.datasets.sensors()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_brief_healthy_run_gets_no_wrong_warning(name, plant):
    result = js.train(js.Config(model=name, epochs=15), plant, progress=False)
    findings = {finding.code: finding for finding in result.diagnose()}
    wrong = [code for code, finding in findings.items() if finding.severity in ("error", "warning")]
    true = TRUE_OF.get(name, [])
    assert len(wrong) == len(true)
    assert all(code in codes for code, codes in zip(wrong, true, strict=True))
    if name == "rcgnn_graph":
        assert findings["threshold_healthy"].evidence == "edges are those of a probability above 0.50"
    elif name != "rcgnn_latent":
        assert "threshold_healthy" in findings
