import pytest

from pipeline.params import ScaleParams, WeightParams
from pipeline.reporting.rows import measured, with_utility
from tests.reporting_rows import request, requests_frame

SCALES = ScaleParams(latency_s=10.0, cost_usd=1e-5)


def _utilities(weights, *rows):
    return with_utility(measured(requests_frame(list(rows))), weights, SCALES)["utility"].to_list()


def test_weights_the_three_parts_of_what_was_served():
    weights = WeightParams(quality=0.5, latency=0.2, cost=0.1, balance=0.2)
    # E2E is 3.5 - 1.0 s: a quarter of a unit; 2e-6 USD are a fifth of one.
    assert _utilities(weights, request(0, quality=0.8)) == pytest.approx([0.4 - 0.05 - 0.02])


@pytest.mark.parametrize("lost", [{"quality": None}, {"status": "failed"}, {"status": "refused"}])
def test_is_null_where_a_part_is_null_even_at_weight_0(lost):
    weights = WeightParams(quality=0.0, latency=1.0, cost=0.0)
    assert _utilities(weights, request(0, **lost), request(1)) == [None, pytest.approx(-0.25)]
