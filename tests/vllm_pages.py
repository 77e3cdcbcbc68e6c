"""Pages of /metrics as the versions of vLLM write them, shortened by hand; names from their source.

Every page tells of the same server where its version can: 3 sequences run, 2 wait, a quarter of
4,096 blocks of 16 tokens is in use, 1,000 prompt and 200 output tokens passed, 1 preemption; four
first tokens came after 0.03, 0.05, 0.3 and 0.7 s.
"""

__all__ = ["PAGES", "V0_6_6", "V0_8_5", "V0_11_2", "V0_19", "V0_33"]


def histogram(name: str, labels: str, buckets: str, total: float) -> str:
    """Lines of a histogram; `buckets` as "0.1:1 0.5:3 +Inf:4"."""
    pairs = [bucket.split(":") for bucket in buckets.split()]
    lines = [f"# HELP vllm:{name} Histogram.", f"# TYPE vllm:{name} histogram"]
    lines += [f'vllm:{name}_bucket{{le="{le}",{labels}}} {upto}.0' for le, upto in pairs]
    lines += [
        f"vllm:{name}_count{{{labels}}} {pairs[-1][1]}.0",
        f"vllm:{name}_sum{{{labels}}} {total}",
    ]
    return "\n".join(lines) + "\n"


TTFT = "0.04:1 0.06:2 0.25:2 0.5:3 1.0:4 +Inf:4"
GAPS = "0.01:0 0.025:190 0.05:196 +Inf:196"
E2E = "0.3:0 0.5:0 1.5:1 10.0:4 +Inf:4"

V0 = 'model_name="qwen-7b"'
V0_6_6 = (
    f"""\
# HELP python_info Python platform information
# TYPE python_info gauge
python_info{{implementation="CPython",major="3",minor="12",version="3.12.7"}} 1.0
# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{{block_size="16",cache_dtype="auto",cpu_offload_gb="0",\
enable_prefix_caching="False",gpu_memory_utilization="0.9",is_attention_free="False",\
num_cpu_blocks="4681",num_gpu_blocks="4096",num_gpu_blocks_override="None",\
sliding_window="None",swap_space_bytes="4294967296"}} 1.0
# HELP vllm:num_requests_running Number of requests currently running on GPU.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{{V0}}} 3.0
# HELP vllm:num_requests_swapped Number of requests swapped to CPU.
# TYPE vllm:num_requests_swapped gauge
vllm:num_requests_swapped{{{V0}}} 0.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{{{V0}}} 2.0
# HELP vllm:gpu_cache_usage_perc GPU KV-cache usage. 1 means 100 percent usage.
# TYPE vllm:gpu_cache_usage_perc gauge
vllm:gpu_cache_usage_perc{{{V0}}} 0.25
# HELP vllm:cpu_cache_usage_perc CPU KV-cache usage. 1 means 100 percent usage.
# TYPE vllm:cpu_cache_usage_perc gauge
vllm:cpu_cache_usage_perc{{{V0}}} 0.0
# HELP vllm:gpu_prefix_cache_hit_rate GPU prefix cache block hit rate.
# TYPE vllm:gpu_prefix_cache_hit_rate gauge
vllm:gpu_prefix_cache_hit_rate{{{V0}}} -1.0
# HELP vllm:num_preemptions_total Cumulative number of preemption from the engine.
# TYPE vllm:num_preemptions_total counter
vllm:num_preemptions_total{{{V0}}} 1.0
vllm:prompt_tokens_total{{{V0}}} 1000.0
vllm:generation_tokens_total{{{V0}}} 200.0
"""
    + histogram("time_to_first_token_seconds", V0, TTFT, 1.08)
    + histogram("time_per_output_token_seconds", V0, GAPS, 3.92)
    + histogram("e2e_request_latency_seconds", V0, E2E, 8.0)
    + histogram("request_queue_time_seconds", V0, E2E, 8.0)
)

V0_8_5 = (
    f"""\
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{{V0}}} 3.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{{{V0}}} 2.0
# TYPE vllm:gpu_cache_usage_perc gauge
vllm:gpu_cache_usage_perc{{{V0}}} 0.25
# TYPE vllm:gpu_prefix_cache_queries_total counter
vllm:gpu_prefix_cache_queries_total{{{V0}}} 62.0
# TYPE vllm:gpu_prefix_cache_queries_created gauge
vllm:gpu_prefix_cache_queries_created{{{V0}}} 1.745937401e+09
# TYPE vllm:gpu_prefix_cache_hits_total counter
vllm:gpu_prefix_cache_hits_total{{{V0}}} 31.0
vllm:num_preemptions_total{{{V0}}} 1.0
vllm:prompt_tokens_total{{{V0}}} 1000.0
vllm:generation_tokens_total{{{V0}}} 200.0
vllm:cache_config_info{{block_size="16",cache_dtype="auto",num_gpu_blocks="4096"}} 1.0
"""
    + histogram("time_to_first_token_seconds", V0, TTFT, 1.08)
    + histogram("time_per_output_token_seconds", V0, GAPS, 3.92)
    + histogram("e2e_request_latency_seconds", V0, E2E, 8.0)
    + histogram("request_queue_time_seconds", V0, E2E, 8.0)
)

V1 = 'engine="0",model_name="qwen-7b"'
V0_11_2 = (
    f"""\
vllm:num_requests_running{{{V1}}} 3.0
vllm:num_requests_waiting{{{V1}}} 2.0
# HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.
vllm:kv_cache_usage_perc{{{V1}}} 0.25
# HELP vllm:gpu_cache_usage_perc GPU KV-cache usage. DEPRECATED: Use vllm:kv_cache_usage_perc
vllm:gpu_cache_usage_perc{{{V1}}} 0.25
vllm:prefix_cache_queries_total{{{V1}}} 1000.0
vllm:prefix_cache_hits_total{{{V1}}} 496.0
vllm:num_preemptions_total{{{V1}}} 1.0
vllm:prompt_tokens_total{{{V1}}} 1000.0
vllm:generation_tokens_total{{{V1}}} 200.0
vllm:cache_config_info{{block_size="16",engine="0",num_gpu_blocks="4096"}} 1.0
"""
    + histogram("time_to_first_token_seconds", V1, TTFT, 1.08)
    + histogram("inter_token_latency_seconds", V1, GAPS, 3.92)
    + histogram("time_per_output_token_seconds", V1, GAPS, 3.92)
    + histogram("e2e_request_latency_seconds", V1, E2E, 8.0)
    + histogram("request_queue_time_seconds", V1, E2E, 8.0)
)

V0_19 = (
    f"""\
vllm:num_requests_running{{{V1}}} 3.0
vllm:num_requests_waiting{{{V1}}} 2.0
vllm:engine_sleep_state{{{V1},sleep_state="awake"}} 1.0
vllm:kv_cache_usage_perc{{{V1}}} 0.25
vllm:prefix_cache_queries_total{{{V1}}} 1000.0
vllm:prefix_cache_hits_total{{{V1}}} 496.0
vllm:external_prefix_cache_queries_total{{{V1}}} 0.0
vllm:num_preemptions_total{{{V1}}} 1.0
vllm:prompt_tokens_total{{{V1}}} 1000.0
vllm:generation_tokens_total{{{V1}}} 200.0
vllm:cache_config_info{{block_size="16",engine="0",num_gpu_blocks="4096"}} 1.0
"""
    + histogram("iteration_tokens_total", V1, "1.0:2 8.0:9 +Inf:9", 40)
    + histogram("time_to_first_token_seconds", V1, TTFT, 1.08)
    + histogram("inter_token_latency_seconds", V1, GAPS, 3.92)
    + histogram("request_time_per_output_token_seconds", V1, "0.01:0 0.025:4 +Inf:4", 0.08)
    + histogram("e2e_request_latency_seconds", V1, E2E, 8.0)
    + histogram("request_queue_time_seconds", V1, E2E, 8.0)
)

# Two engines behind one server, and the labels that came last.
E0, E1 = V1, V1.replace('engine="0"', 'engine="1"')
CACHE = 'block_size="16",kv_cache_size_tokens="32768",num_gpu_blocks="2048"'
V0_33 = (
    f"""\
vllm:num_requests_running{{{E0}}} 1.0
vllm:num_requests_running{{{E1}}} 2.0
vllm:num_requests_waiting{{{E0}}} 2.0
vllm:num_requests_waiting{{{E1}}} 0.0
vllm:num_requests_waiting_by_reason{{{E0},reason="capacity"}} 1.0
vllm:num_requests_waiting_by_reason{{{E0},reason="deferred"}} 1.0
vllm:num_requests_waiting_by_reason{{{E1},reason="capacity"}} 0.0
vllm:num_requests_waiting_by_reason{{{E1},reason="deferred"}} 0.0
vllm:kv_cache_usage_perc{{{E0}}} 0.5
vllm:kv_cache_usage_perc{{{E1}}} 0.0
vllm:prefix_cache_queries_total{{{E0}}} 400.0
vllm:prefix_cache_queries_total{{{E1}}} 600.0
vllm:prefix_cache_hits_total{{{E0}}} 0.0
vllm:prefix_cache_hits_total{{{E1}}} 496.0
vllm:num_preemptions_total{{{E0}}} 1.0
vllm:num_preemptions_total{{{E1}}} 0.0
vllm:prompt_tokens_total{{{E0}}} 400.0
vllm:prompt_tokens_total{{{E1}}} 600.0
vllm:generation_tokens_total{{{E0}}} 200.0
vllm:generation_tokens_total{{{E1}}} 0.0
vllm:admission_rejections_total{{model_name="qwen-7b",reason="max_num_queued_reqs"}} 0.0
vllm:cache_config_info{{{CACHE},engine="0"}} 1.0
vllm:cache_config_info{{{CACHE},engine="1"}} 1.0
"""
    + histogram("time_to_first_token_seconds", E0, "0.04:1 0.06:1 0.25:1 0.5:2 1.0:2 +Inf:2", 0.33)
    + histogram("time_to_first_token_seconds", E1, "0.04:0 0.06:1 0.25:1 0.5:1 1.0:2 +Inf:2", 0.75)
    + histogram("inter_token_latency_seconds", E0, GAPS, 3.92)
    + histogram("request_time_per_output_token_seconds", E0, "0.01:0 0.025:4 +Inf:4", 0.08)
    + histogram("e2e_request_latency_seconds", E0, E2E, 8.0)
    + histogram("request_queue_time_seconds", E0, E2E, 8.0)
)

PAGES = {"0.6.6": V0_6_6, "0.8.5": V0_8_5, "0.11.2": V0_11_2, "0.19": V0_19, "0.33": V0_33}
