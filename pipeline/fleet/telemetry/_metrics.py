"""The one reader of vLLM's /metrics, for live and emulated instances alike.

Names changed over the years; every quantity has its variants here, newest first, and the first that
is on the page is read (0.11 can show the old and the new name of one quantity side by side).
"""

from pipeline.errors import EndpointError
from pipeline.fleet.telemetry._exposition import read_samples
from pipeline.fleet.telemetry._page import Page
from pipeline.fleet.telemetry._sample import MetricsSample

__all__ = ["parse_metrics", "parse_state"]

_BY_REASON = "vllm:num_requests_waiting_by_reason"
_KV = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")
_CACHE = "vllm:cache_config_info"
# prometheus_client appends _total to counters; servers that do not use it may leave it out.
_COUNTS = {
    "running": ("vllm:num_requests_running",),
    "waiting": ("vllm:num_requests_waiting",),
    "swapped": ("vllm:num_requests_swapped",),
    "prompt_tokens": ("vllm:prompt_tokens_total", "vllm:prompt_tokens"),
    "generation_tokens": ("vllm:generation_tokens_total", "vllm:generation_tokens"),
    "preemptions": ("vllm:num_preemptions_total", "vllm:num_preemptions"),
    "prefix_queries": (
        "vllm:prefix_cache_queries_total",
        "vllm:prefix_cache_queries",
        "vllm:gpu_prefix_cache_queries_total",
        "vllm:gpu_prefix_cache_queries",
    ),
    "prefix_hits": (
        "vllm:prefix_cache_hits_total",
        "vllm:prefix_cache_hits",
        "vllm:gpu_prefix_cache_hits_total",
        "vllm:gpu_prefix_cache_hits",
    ),
}
_HISTOGRAMS = {
    "ttft": ("vllm:time_to_first_token_seconds",),
    "itl": ("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"),
    "tpot": ("vllm:request_time_per_output_token_seconds",),
    "e2e": ("vllm:e2e_request_latency_seconds",),
    "queue": ("vllm:request_queue_time_seconds",),
}
_PARTS = ("_bucket", "_sum", "_count")
_WANTED = frozenset(
    [name for names in _COUNTS.values() for name in names]
    + [name + part for names in _HISTOGRAMS.values() for name in names for part in _PARTS]
    + [*_KV, _BY_REASON, _CACHE]
)

# With the mark that ends a name, so that no longer name begins like one of them.
_STATE = tuple(
    name + end
    for name in (*_COUNTS["running"], *_COUNTS["waiting"], _BY_REASON, *_KV, _CACHE)
    for end in ("{", " ")
)


def parse_metrics(text: str, where: str = "/metrics") -> MetricsSample:
    """Read a page of vLLM's metrics.

    Engines of one server are summed; the share of KV blocks in use is their mean. vLLM's `_perc`
    gauge is a share, 0 to 1; a page with a value above 1 is taken to say percent.

    Args:
        text: the page, Prometheus text format.
        where: where it comes from, for the errors.

    Returns:
        The sample; what the page does not say, or says as NaN, is None.

    Raises:
        EndpointError: the text is malformed, holds no metric of vLLM, or a value is impossible,
            such as half a request.
    """
    page = _page(text, where)
    by_reason = page.by_label(_BY_REASON, "reason")
    blocks, block_tokens, kv_tokens = page.cache(_CACHE)
    return MetricsSample(
        model_names=page.labelled("model_name"),
        engines=max(1, len(page.labelled("engine"))),
        running=page.count(_COUNTS["running"]),
        waiting=_waiting(page),
        swapped=page.count(_COUNTS["swapped"]),
        waiting_by_reason=by_reason,
        kv_utilisation=page.share(_KV),
        kv_blocks=blocks,
        block_tokens=block_tokens,
        kv_tokens=kv_tokens,
        prompt_tokens=page.count(_COUNTS["prompt_tokens"]),
        generation_tokens=page.count(_COUNTS["generation_tokens"]),
        preemptions=page.count(_COUNTS["preemptions"]),
        prefix_queries=page.count(_COUNTS["prefix_queries"]),
        prefix_hits=page.count(_COUNTS["prefix_hits"]),
        ttft=page.histogram(_HISTOGRAMS["ttft"]),
        itl=page.histogram(_HISTOGRAMS["itl"]),
        tpot=page.histogram(_HISTOGRAMS["tpot"]),
        e2e=page.histogram(_HISTOGRAMS["e2e"]),
        queue=page.histogram(_HISTOGRAMS["queue"]),
    )


def parse_state(text: str, where: str = "/metrics") -> MetricsSample:
    """Read what a router needs: who runs, who waits, and how full the cache is.

    A tenth of the time of `parse_metrics`; the other lines are not looked at, nor checked.

    Raises:
        EndpointError: as `parse_metrics`, of the lines that are read.
    """
    lines = (line for line in text.split("\n") if line.startswith(_STATE))
    page = _page("\n".join(lines), where)
    blocks, block_tokens, kv_tokens = page.cache(_CACHE)
    return MetricsSample(
        model_names=page.labelled("model_name"),
        engines=max(1, len(page.labelled("engine"))),
        running=page.count(_COUNTS["running"]),
        waiting=_waiting(page),
        waiting_by_reason=page.by_label(_BY_REASON, "reason"),
        kv_utilisation=page.share(_KV),
        kv_blocks=blocks,
        block_tokens=block_tokens,
        kv_tokens=kv_tokens,
    )


def _page(text: str, where: str) -> Page:
    page = Page(read_samples(text, _WANTED, where), where)
    if not page.samples:
        raise EndpointError(
            f"{where}: none of vLLM's metrics is there; names such as {_COUNTS['running'][0]} "
            "are accepted"
        )
    return page


def _waiting(page: Page) -> int | None:
    """Waiting sequences, added up where they are only told apart."""
    told, by_reason = page.count(_COUNTS["waiting"]), page.by_label(_BY_REASON, "reason")
    return sum(by_reason.values()) if told is None and by_reason is not None else told
