"""What /metrics says after requests whose course is worked out by hand, and the lag record."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from pipeline.fleet.server import LagRecord, lag_quantile
from pipeline.fleet.server._metrics import Counts, Histogram
from tests.fleet.serving import Client, serve

SECONDS = pytest.approx


def test_two_requests_by_hand() -> None:
    """130 prompt tokens go in chunks of 64, 64 and 2, then 4 tokens follow, 10 ms each."""

    async def work(client: Client) -> None:
        await client.post("/v1/completions", prompt=[300] * 130, max_tokens=5, ignore_eos=True)
        await client.post("/v1/completions", prompt=[300] * 10, max_tokens=1, ignore_eos=True)
        for name, value in {
            "vllm:prompt_tokens_total": 140,
            "vllm:generation_tokens_total": 6,
            "vllm:num_preemptions_total": 0,
            "vllm:num_requests_running": 0,
            "vllm:num_requests_waiting": 0,
            "vllm:time_to_first_token_seconds_count": 2,
            "vllm:time_to_first_token_seconds_sum": SECONDS(0.030 + 0.010),
            "vllm:inter_token_latency_seconds_count": 4,
            "vllm:inter_token_latency_seconds_sum": SECONDS(0.040),
            "vllm:request_time_per_output_token_seconds_count": 1,
            "vllm:request_time_per_output_token_seconds_sum": SECONDS(0.010),
            "vllm:e2e_request_latency_seconds_sum": SECONDS(0.070 + 0.010),
            "vllm:request_queue_time_seconds_sum": SECONDS(0.0),
            "vllm:request_prefill_time_seconds_sum": SECONDS(0.040),
            "vllm:request_decode_time_seconds_sum": SECONDS(0.040),
            "vllm:request_inference_time_seconds_sum": SECONDS(0.080),
            "vllm:request_prompt_tokens_sum": 140,
            "vllm:request_generation_tokens_sum": 6,
            "vllm:request_params_max_tokens_sum": 6,
            "vllm:request_params_n_sum": 2,
            "vllm:iteration_tokens_total_count": 8,
            "vllm:iteration_tokens_total_sum": 130 + 4 + 10,
        }.items():
            assert await client.sample(name, model_name="emu-small", engine="0") == value, name
        ttft, itl = "vllm:time_to_first_token_seconds_bucket", "vllm:iteration_tokens_total_bucket"
        assert await client.sample(ttft, le="0.02") == 1
        assert await client.sample(ttft, le="0.04") == 2
        assert await client.sample(itl, le="1.0") == 4
        assert await client.sample(itl, le="8.0") == 5
        assert await client.sample(itl, le="+Inf") == 8
        reasons = {"stop": 0, "length": 2, "abort": 0, "error": 0, "repetition": 0}
        for reason, number in reasons.items():
            name = "vllm:request_success_total"
            assert await client.sample(name, finished_reason=reason) == number

    serve(work, speed=1.0)


def test_the_page_names_what_vllm_names() -> None:
    async def work(client: Client) -> None:
        _, text = await client.get("/metrics")
        families = {f.name: f for f in text_string_to_metric_families(text.decode())}
        types = {name: family.type for name, family in families.items()}
        assert types["vllm:num_requests_waiting_by_reason"] == "gauge"
        assert types["vllm:prompt_tokens"] == "counter"
        assert types["vllm:iteration_tokens_total"] == "histogram"
        (info,) = families["vllm:cache_config_info"].samples
        assert info.value == 1
        assert (info.labels["num_gpu_blocks"], info.labels["block_size"]) == ("1000", "16")
        bounds = [
            sample.labels["le"]
            for sample in families["vllm:request_prompt_tokens"].samples
            if sample.name.endswith("_bucket")
        ]
        assert bounds[:4] == ["1.0", "2.0", "5.0", "10.0"]
        assert "10000.0" in bounds
        assert "20000.0" not in bounds  # beyond the KV cache of 16,000 tokens

    serve(work)


@given(st.lists(st.floats(0, 10), max_size=50))
def test_a_histogram_counts_as_a_slow_one_does(values: list[float]) -> None:
    histogram = Histogram((0.5, 1.0, 5.0))
    for value in values:
        histogram.observe(value)
    below = [sum(value <= bound for value in values) for bound in (0.5, 1.0, 5.0, np.inf)]
    assert np.cumsum(histogram.counts).tolist() == below
    assert histogram.total == pytest.approx(sum(values))


def test_token_buckets_end_at_the_model_length() -> None:
    assert Counts(250, 1.0).max_tokens.bounds == (1, 2, 5, 10, 20, 50, 100, 200)


@given(st.lists(st.floats(2e-6, 50), min_size=1, max_size=200), st.floats(0.01, 1))
def test_lag_quantiles_are_true_to_two_percent(lags: list[float], share: float) -> None:
    record = LagRecord()
    for lag in lags:
        record.record(lag)
    exact = sorted(lags)[int(np.ceil(share * len(lags))) - 1]
    found = lag_quantile(record.counts(), share)
    assert found is not None
    assert exact * 0.999 <= found <= exact * 1.021


def test_a_lag_record_that_counted_nothing_has_no_quantile() -> None:
    assert lag_quantile(LagRecord().counts(), 0.99) is None
