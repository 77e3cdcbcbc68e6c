"""One page for every test that only looks at it."""

import pytest

from pipeline.params import load_params
from pipeline.reporting.page import compose, draw, provenance, read_inputs
from tests.reporting.report_tables import write_inputs


@pytest.fixture(scope="session")
def report_context(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("reports")
    card = write_inputs(folder)
    params = load_params(root / "params.yaml")
    inputs = read_inputs(folder, card)
    told = provenance(params, inputs.card, {"card": card})
    return compose(inputs, params, draw(inputs, params), told)
