"""Every version's page says the same; what a page lacks stays unknown; nonsense is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import EndpointError
from pipeline.fleet.telemetry import (
    MetricsSample,
    difference,
    parse_metrics,
    parse_state,
    to_telemetry,
)
from tests.vllm_pages import PAGES, V0_6_6, V0_8_5, V0_11_2, V0_19, V0_33

MODEL = 'model_name="m"'
E2E = "vllm:e2e_request_latency_seconds"


@pytest.mark.parametrize("version", PAGES)
def test_every_version_tells_the_same(version: str) -> None:
    sample = parse_metrics(PAGES[version])
    assert sample.model_names == ("qwen-7b",)
    assert (sample.running, sample.waiting) == (3, 2)
    assert sample.kv_utilisation == 0.25
    assert (sample.kv_blocks, sample.block_tokens, sample.kv_tokens) == (4096, 16, 65536)
    assert (sample.prompt_tokens, sample.generation_tokens, sample.preemptions) == (1000, 200, 1)
    assert sample.ttft is not None
    assert sample.ttft.bounds == (0.04, 0.06, 0.25, 0.5, 1.0)
    assert sample.ttft.counts == (1, 1, 0, 1, 1, 0)
    assert sample.ttft.mean == pytest.approx(0.27)
    assert sample.itl is not None
    assert sample.itl.mean == pytest.approx(0.02)
    assert sample.e2e is not None
    assert sample.e2e.mean == 2.0
    assert sample.queue == sample.e2e


@pytest.mark.parametrize("version", PAGES)
def test_a_router_is_told_the_same_from_a_few_lines(version: str) -> None:
    whole, state = parse_metrics(PAGES[version]), parse_state(PAGES[version])
    assert to_telemetry(state).running == 3
    for name in MetricsSample.__dataclass_fields__:
        told = getattr(state, name)
        assert told is None or told == getattr(whole, name), name
    for name in ("running", "waiting", "waiting_by_reason", "kv_utilisation", "kv_tokens"):
        assert getattr(state, name) == getattr(whole, name), name


def test_a_router_is_not_told_a_number_that_is_none() -> None:
    with pytest.raises(EndpointError, match="none of vLLM's metrics is there"):
        parse_state("vllm:num_requests_running_total{} 3\n")
    with pytest.raises(EndpointError, match="which is not Prometheus text"):
        parse_state("vllm:num_requests_running{ 3\n")


def test_what_only_some_versions_tell() -> None:
    old, first, both, dense, new = map(parse_metrics, (V0_6_6, V0_8_5, V0_11_2, V0_19, V0_33))
    assert (old.swapped, new.swapped) == (0, None)
    assert (old.prefix_queries, old.prefix_hits) == (None, None)
    assert (first.prefix_queries, first.prefix_hits) == (62, 31)
    assert (new.prefix_queries, new.prefix_hits) == (1000, 496)
    assert dense.waiting_by_reason is None
    assert new.waiting_by_reason == {"capacity": 1, "deferred": 1}
    assert (old.engines, new.engines) == (1, 2)
    assert both.tpot is None
    assert dense.tpot is not None
    assert dense.tpot.mean == pytest.approx(0.02)


@pytest.mark.parametrize("version", PAGES)
def test_reads_what_the_reference_parser_reads(version: str) -> None:
    families = text_string_to_metric_families(PAGES[version])
    sums = dict.fromkeys(("running", "waiting", "generation"), 0.0)
    names = {
        "vllm:num_requests_running": "running",
        "vllm:num_requests_waiting": "waiting",
        "vllm:generation_tokens_total": "generation",
    }
    for family in families:
        for one in family.samples:
            if one.name in names:
                sums[names[one.name]] += one.value
    sample = parse_metrics(PAGES[version])
    said = (sample.running, sample.waiting, sample.generation_tokens)
    assert said == tuple(sums.values())


def test_missing_is_unknown() -> None:
    sample = parse_metrics(f"vllm:num_requests_running{{{MODEL}}} 0\n")
    assert sample == MetricsSample(model_names=("m",), running=0)
    state = to_telemetry(sample)
    assert state.running == 0
    assert state.waiting is None
    assert state.kv_utilisation is None
    assert state.context_tokens is None


def test_one_silent_engine_leaves_the_sum_unknown() -> None:
    page = 'vllm:num_requests_running{engine="0"} 4\nvllm:num_requests_running{engine="1"} NaN\n'
    assert parse_metrics(page).running is None


def test_waiting_from_its_reasons() -> None:
    name = "vllm:num_requests_waiting_by_reason"
    page = f'{name}{{reason="capacity"}} 4\n{name}{{reason="deferred"}} 1\n'
    assert parse_metrics(page).waiting == 5


@pytest.mark.parametrize(
    ("values", "share"), [((0.75,), 0.75), ((75.0,), 0.75), ((1.0,), 1.0), ((0.5, 80.0), 0.4025)]
)
def test_share_or_percent(values: tuple[float, ...], share: float) -> None:
    lines = [f'vllm:kv_cache_usage_perc{{engine="{i}"}} {v}' for i, v in enumerate(values)]
    assert parse_metrics("\n".join(lines)).kv_utilisation == pytest.approx(share)


def test_cache_of_unknown_size() -> None:
    page = 'vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1.0'
    sample = parse_metrics(page)
    assert (sample.kv_blocks, sample.block_tokens, sample.kv_tokens) == (None, 16, None)


def test_server_knows_best_how_many_tokens_fit() -> None:
    labels = 'block_size="16",kv_cache_size_tokens="8192",num_gpu_blocks="4096"'
    assert parse_metrics(f"vllm:cache_config_info{{{labels}}} 1.0").kv_tokens == 8192


def test_labels_with_anything_in_them() -> None:
    page = 'vllm:num_requests_running{a="}, \\"x\\" {",model_name="C:\\\\m\\n2",} 1 1700000000000'
    sample = parse_metrics(page)
    assert sample.model_names == ("C:\\m\n2",)
    assert sample.running == 1


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<!DOCTYPE html>\n<html></html>", "line 1 is '<!DOCTYPE html>'"),
        ('{"detail":"Not Found"}', "line 1"),
        ("vllm:num_requests_running", "line 1"),
        ("a 1\nvllm:num_requests_running{engine=0} 1", "line 2"),
        ('vllm:num_requests_running{engine="0} 1', "line 1"),
        ("vllm:num_requests_running 1_000", "line 1"),
        ("vllm:num_requests_running one", "line 1"),
        ("vllm:num_requests_running -1", "is -1; a whole number from 0 on"),
        ("vllm:num_requests_running 0.5", "is 0.5; a whole number"),
        ("vllm:num_requests_running +Inf", "is inf; a whole number"),
        ("vllm:kv_cache_usage_perc 101", "is 101; a share"),
        ("vllm:kv_cache_usage_perc -0.1", "is -0.1; a share"),
        ("", "none of vLLM's metrics is there"),
        ("python_info 1.0\n", "none of vLLM's metrics is there"),
        (
            f'{E2E}_bucket{{le="1.0"}} 1\n{E2E}_sum 1',
            "are incomplete",
        ),
        (
            f'{E2E}_bucket{{le="x"}} 1\n{E2E}_sum 1',
            "the bound 'x'",
        ),
        (
            f'{E2E}_bucket{{le="1.0"}} 2\n{E2E}_bucket{{le="+Inf"}} 1\n{E2E}_sum 1',
            "shrink",
        ),
    ],
)
def test_nonsense_is_refused_in_one_sentence(page: str, said: str) -> None:
    with pytest.raises(EndpointError) as refused:
        parse_metrics(page, "http://gpu-1:8000/metrics")
    assert said in str(refused.value)
    assert str(refused.value).startswith("http://gpu-1:8000/metrics: ")
    assert "accepted" in str(refused.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(EndpointError):
        assert parse_metrics(text) != MetricsSample()


@given(st.data())
def test_a_damaged_page_never_invents_idleness(data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(V0_33)))
    try:
        sample = parse_metrics(V0_33[:cut])
    except EndpointError:
        return
    assert sample.running in (None, 1, 3)
    assert sample.waiting in (None, 2)


def test_estimated_context() -> None:
    sample = parse_metrics(V0_19)
    assert to_telemetry(sample).context_tokens == 16384
    unsaid = MetricsSample(kv_utilisation=0.5)
    assert to_telemetry(unsaid, kv_tokens=1000).context_tokens == 500
    assert to_telemetry(sample, kv_tokens=1000).context_tokens == 16384
    assert to_telemetry(sample).pending_prefill_tokens is None


def test_interval_between_two_readings() -> None:
    earlier = parse_metrics(V0_19)
    bucket = 'first_token_seconds_bucket{le="%s",engine="0",model_name="qwen-7b"} %d.0'
    page = V0_19
    for bound in ("1.0", "+Inf"):
        page = page.replace(bucket % (bound, 4), bucket % (bound, 6))
    page = page.replace("} 1000.0\nvllm:generation", "} 1600.0\nvllm:generation")
    page = page.replace("} 1.08\n", "} 2.48\n")
    gained = difference(parse_metrics(page), earlier)
    assert not gained.restarted
    assert (gained.prompt_tokens, gained.generation_tokens, gained.preemptions) == (600, 0, 0)
    assert gained.ttft is not None
    assert gained.ttft.count == 2
    assert gained.ttft.mean == pytest.approx(0.7)
    assert gained.ttft.quantile(0.5) == pytest.approx(0.75)
    assert gained.itl is not None
    assert gained.itl.mean is None


def test_interval_over_a_restart() -> None:
    young = parse_metrics("vllm:prompt_tokens_total 40\nvllm:generation_tokens_total 900\n")
    gained = difference(young, parse_metrics(V0_19))
    assert gained.restarted
    assert (gained.prompt_tokens, gained.generation_tokens) == (40, 900)
    assert gained.preemptions is None


def test_interval_of_what_one_reading_lacks() -> None:
    full = parse_metrics(V0_19)
    bare = parse_metrics("vllm:prompt_tokens_total 1000\n")
    assert difference(full, bare).generation_tokens is None
    assert difference(full, bare).ttft is None
    assert difference(bare, full).generation_tokens is None
    assert difference(bare, full).prompt_tokens == 0
