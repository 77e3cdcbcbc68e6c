"""The rows that pass between stages, declared once.

Units are in the meanings. Missing is never zero: a null score, length or prediction stays null.
"""

import polars as pl

from pipeline.schema import Column, Schema

__all__ = [
    "AGREEMENT",
    "DATASET",
    "EMBEDDINGS",
    "EMBEDDING_DIM",
    "JUDGEMENTS",
    "JUDGE_AUDIT",
    "LEARNING",
    "PREDICTORS",
    "PROFILE",
    "PROMPTS",
    "RELIABILITY",
    "REQUESTS",
    "RESPONSES",
    "SCORES",
    "SCORE_PATHS",
    "SERVED",
    "SERVED_JUDGEMENTS",
    "SPLITS",
    "TASKS",
]

SPLITS = ("train", "calibration", "validation", "test")
TASKS = ("number", "span", "fact", "format", "decline", "open", "recorded")
PREDICTORS = ("quality", "length", "latency")
SCORE_PATHS = ("logprob-weighted", "plain integer")
EMBEDDING_DIM = 384

_TEXT, _INT, _FLOAT, _BOOL = pl.String, pl.Int64, pl.Float64, pl.Boolean

PROMPTS = Schema(
    "prompt",
    (
        Column("prompt_id", _TEXT, "stable id"),
        Column("dataset", _TEXT, "the set or family it comes from"),
        Column("task", _TEXT, "what a good answer is, names the task metrics", among=TASKS),
        Column("group_id", _TEXT, "passage, conversation or question stem; never split"),
        Column("prompt_text", _TEXT, "what the model is asked"),
        Column("reference_text", _TEXT, "gold answer", nullable=True),
        Column("category", _TEXT, "subject or sub-source", nullable=True),
        Column("difficulty", _FLOAT, "known difficulty, 0 easy to 1 hard", True, 0.0, 1.0),
        Column("source", _TEXT, "generated, files or hub"),
        Column("licence", _TEXT, "licence of the text"),
    ),
    key=("prompt_id",),
)

RESPONSES = Schema(
    "response",
    (
        Column("prompt_id", _TEXT, "stable id of the prompt"),
        Column("model", _TEXT, "name of the model"),
        Column("response_text", _TEXT, "what it answered; null where only a label exists", True),
        Column("status", _TEXT, "ok, label_only or error", among=("ok", "label_only", "error")),
        Column("error", _TEXT, "why there is no response", nullable=True),
        Column("prompt_tokens", _INT, "tokens of the prompt", low=1),
        Column("prompt_tokens_source", _TEXT, "reported, counted or estimated:HOW"),
        Column("output_tokens", _INT, "tokens of the response", nullable=True, low=1),
        Column("output_tokens_source", _TEXT, "reported, counted or estimated:HOW", nullable=True),
        Column("recorded_quality", _FLOAT, "label that came with it", True, 0.0, 1.0),
        Column("recorded_quality_source", _TEXT, "who made that label", nullable=True),
        Column("finish_reason", _TEXT, "why the model stopped, as the server says", nullable=True),
        Column("flags", _TEXT, "degeneracies, comma separated; null: none found", nullable=True),
        Column("ttft_s", _FLOAT, "sending to first token, s; live only", True, 0.0),
        Column("e2e_s", _FLOAT, "sending to the end of the answer, s; live only", True, 0.0),
        Column("token_s", pl.List(_FLOAT), "when tokens came, s since sending; live only", True),
        Column("label", _TEXT, "where it comes from", among=("emulated", "recorded", "live")),
    ),
    key=("prompt_id", "model"),
)

# How the score came about; the nulls are those of rules and labels, which ask nobody.
_VERDICT = (
    Column("repeat", _INT, "which of the verdicts on this case, from 0", low=0),
    Column("path", _TEXT, "how the judge's score was read", nullable=True, among=SCORE_PATHS),
    Column("prompt_tokens", _INT, "tokens that the judge read; null if not told", True, 0),
    Column("output_tokens", _INT, "tokens that the judge wrote; null if not told", True, 0),
    Column("cost_usd", _FLOAT, "price of these tokens, USD; null when unknown", True, 0.0),
    Column("verdict_key", _TEXT, "rows that share it share one paid verdict", nullable=True),
)

JUDGEMENTS = Schema(
    "judgement",
    (
        Column("prompt_id", _TEXT, "stable id of the prompt"),
        Column("model", _TEXT, "name of the model"),
        Column("metric", _TEXT, "the rule or rubric, for example squad_f1"),
        Column("quality_source", _TEXT, "who judged, on which scale; never averaged over"),
        Column("score", _FLOAT, "0 bad to 1 good; null when judging failed", True, 0.0, 1.0),
        Column("reason", _TEXT, "what the judge saw", nullable=True),
        Column("failure", _TEXT, "why there is no score", nullable=True),
        Column("truncated", _BOOL, "whether the judge saw a cut text"),
        *_VERDICT,
    ),
    key=("prompt_id", "model", "metric", "quality_source", "repeat"),
)

DATASET = Schema(
    "dataset",
    (
        Column("prompt_id", _TEXT, "stable id of the prompt"),
        Column("model", _TEXT, "name of the model"),
        Column("dataset", _TEXT, "the set or family"),
        Column("group_id", _TEXT, "what is kept together: cluster of the statistics"),
        Column("split", _TEXT, "part it belongs to", among=SPLITS),
        Column("quality", _FLOAT, "label of this pair; null when unknown", True, 0.0, 1.0),
        Column("quality_source", _TEXT, "the one source of this run's labels"),
        Column("prompt_tokens", _INT, "tokens of the prompt", low=1),
        Column("output_tokens", _INT, "tokens of the response; null when unknown", True, 1),
        Column("output_tokens_source", _TEXT, "reported, counted or estimated:HOW", nullable=True),
        Column("label", _TEXT, "where it comes from", among=("emulated", "recorded", "live")),
    ),
    key=("prompt_id", "model"),
)

EMBEDDINGS = Schema(
    "embedding",
    (
        Column("prompt_id", _TEXT, "stable id of the prompt"),
        Column("embedding", pl.Array(pl.Float32, EMBEDDING_DIM), "MiniLM, unit length"),
    ),
    key=("prompt_id",),
)

PROFILE = Schema(
    "profile",
    (
        Column("tier", _TEXT, "model and GPU"),
        Column("run", _INT, "independent run; runs are never split"),
        Column("part", _TEXT, "part the run belongs to", among=SPLITS),
        Column("rate", _FLOAT, "offered rate of the run, requests/s", low=0.0),
        Column("request_id", _INT, "order of arrival in the run", low=0),
        Column("running", _INT, "sequences running at dispatch", low=0),
        Column("waiting", _INT, "sequences waiting at dispatch", low=0),
        Column("pending_prefill_tokens", _INT, "prompt tokens still to compute", low=0),
        Column("pending_decode_tokens", _FLOAT, "predicted output tokens still to emit", low=0),
        Column("context_tokens", _INT, "context tokens held in the KV cache", low=0),
        Column("kv_utilisation", _FLOAT, "share of KV blocks in use", False, 0.0, 1.0),
        Column("prompt_tokens", _INT, "tokens of this prompt", low=1),
        Column("predicted_output_tokens", _FLOAT, "expected output tokens at dispatch", low=1),
        Column("output_tokens", _INT, "actual output tokens", low=1),
        Column("ttft_s", _FLOAT, "dispatch to first token, s", low=0.0),
        Column("tpot_s", _FLOAT, "per output token after the first, s", True, 0.0),
        Column("e2e_s", _FLOAT, "dispatch to last token, s", low=0.0),
        Column("label", _TEXT, "where it comes from", among=("simulated", "emulated", "live")),
    ),
    key=("tier", "run", "request_id"),
)


def _predicted(name: str, unit: str) -> tuple[Column, ...]:
    """Three columns of one belief: point and 90 % bounds, null where the arm did not predict."""
    return tuple(
        Column(f"predicted_{name}{end}", _FLOAT, f"{what} {name}, {unit}", nullable=True)
        for end, what in (("", "expected"), ("_low", "low bound of"), ("_high", "high bound of"))
    )


def _state(name: str, unit: str) -> tuple[Column, ...]:
    """State of the chosen instance when the batch was decided: as believed, and as it was."""
    return tuple(
        Column(f"{name}_{end}", _FLOAT, f"{name} of its instance {how}, {unit}", True, 0.0)
        for end, how in (("believed", "as the router believed"), ("true", "as it was"))
    )


REQUESTS = Schema(
    "request",
    (
        Column("traffic", _TEXT, "shape of the arrivals; steady is the one of loadtest.rates"),
        Column("arm", _TEXT, "routing policy"),
        Column("rate", _FLOAT, "offered rate, requests/s", low=0.0),
        Column("seed", _INT, "replication; equal seeds share arrivals and prompts"),
        Column("request_id", _INT, "order of arrival", low=0),
        Column("prompt_id", _TEXT, "stable id of the prompt"),
        Column("group_id", _TEXT, "cluster of the statistics"),
        Column("dataset", _TEXT, "the set or family"),
        Column("split", _TEXT, "part that its prompt belongs to", among=("validation", "test")),
        Column("changed", _BOOL, "whether it came after the traffic's change in mid-run"),
        Column("measured", _BOOL, "false in the warm-up, which no statistic uses"),
        Column("t_scheduled", _FLOAT, "when it was to be sent, s on the run's clock", low=0.0),
        Column("t_issued", _FLOAT, "when the client sent it, s; null in a simulation", True, 0.0),
        Column("t_decided", _FLOAT, "when the router had, s; null if none got it", True, 0.0),
        Column("t_dispatched", _FLOAT, "when the instance got it, s; null if refused", True, 0.0),
        Column("t_first_token", _FLOAT, "s; null when there was none", nullable=True, low=0.0),
        Column("t_done", _FLOAT, "s; null when it never ended", nullable=True, low=0.0),
        Column("instance", _TEXT, "chosen instance; null if refused", nullable=True),
        Column("tier", _TEXT, "its model and GPU", nullable=True),
        Column("model", _TEXT, "its model", nullable=True),
        Column("prompt_tokens", _INT, "tokens of the prompt", low=1),
        Column("output_tokens", _INT, "tokens that came, fewer where it failed", low=0),
        Column("output_tokens_source", _TEXT, "reported, counted or estimated:HOW", nullable=True),
        Column("cut", _BOOL, "whether its budget ended the answer early"),
        Column("status", _TEXT, "how it ended", among=("ok", "failed", "refused")),
        Column("failure", _TEXT, "why it is not ok; null where it is", nullable=True),
        Column("attempts", _INT, "instances that were tried; null if refused", True, 1),
        Column("ttft_slo_s", _FLOAT, "what it asks for, from the scheduled time", True, 0.0),
        Column("tpot_slo_s", _FLOAT, "what it asks for, s per token", True, 0.0),
        Column("budget_usd", _FLOAT, "what it may cost", True, 0.0),
        Column("quality_floor", _FLOAT, "what it asks for", True, 0.0, 1.0),
        *_predicted("quality", "0 to 1"),
        *_predicted("length", "tokens"),
        *_predicted("ttft", "s from dispatch"),
        *_predicted("tpot", "s per token"),
        *_predicted("e2e", "s from dispatch"),
        Column(
            "quality",
            _FLOAT,
            "label of the served pair; null when unknown, failed or cut",
            True,
            0.0,
            1.0,
        ),
        Column(
            "cost_usd",
            _FLOAT,
            "price of prompt and output tokens, USD; null where nobody said who served it",
            True,
            0.0,
        ),
        Column("decision_ms", _FLOAT, "router time of its batch, ms; null if none", True, 0.0),
        Column("batch_size", _INT, "requests decided together; null if none", True, 1),
        Column("score_quality", _FLOAT, "quality term of the winning score", nullable=True),
        Column("score_latency", _FLOAT, "latency term of the winning score", nullable=True),
        Column("score_cost", _FLOAT, "cost term of the winning score", nullable=True),
        Column("score_balance", _FLOAT, "balance term of the winning score", nullable=True),
        Column("relaxations", _INT, "how often its filter gave way; null without one", True, 0),
        *_state("queue", "sequences"),
        *_state("pending_decode", "tokens"),
        Column("telemetry_age_s", _FLOAT, "age of what was read of its instance, s", True, 0.0),
        Column("label", _TEXT, "where it comes from", among=("simulated", "emulated", "live")),
    ),
    key=("traffic", "arm", "rate", "seed", "request_id"),
)

_REQUEST = (
    Column("traffic", _TEXT, "shape of the arrivals"),
    Column("arm", _TEXT, "routing policy"),
    Column("rate", _FLOAT, "offered rate, requests/s", low=0.0),
    Column("seed", _INT, "replication"),
    Column("request_id", _INT, "order of arrival", low=0),
)
_SERVED_LABEL = Column("label", _TEXT, "where it comes from", among=("emulated", "live"))

# What a load test was answered, kept on request; the key is that of REQUESTS.
SERVED = Schema(
    "served text",
    (
        *_REQUEST,
        Column("prompt_id", _TEXT, "stable id of the prompt"),
        Column("model", _TEXT, "model that answered"),
        Column("response_text", _TEXT, "what it answered; empty is a text"),
        _SERVED_LABEL,
    ),
    key=REQUESTS.key,
)

# Judgements of a sample of them.
SERVED_JUDGEMENTS = Schema(
    "served judgement",
    (*_REQUEST, *JUDGEMENTS.columns, _SERVED_LABEL),
    key=(*REQUESTS.key, "metric", "quality_source", "repeat"),
)

_ESTIMATE = (
    Column("estimate", _FLOAT, "the number; null when there were no values", nullable=True),
    Column("low", _FLOAT, "lower bound; null when no interval can be given", nullable=True),
    Column("high", _FLOAT, "upper bound; null with low", nullable=True),
    Column("level", _FLOAT, "confidence level of the bounds", False, 0.0, 1.0),
    Column("method", _TEXT, "how the interval was made, or why there is none"),
    Column("n", _INT, "values used", low=0),
    Column("clusters", _INT, "independent units among them", low=0),
    Column("missing", _INT, "values left out because they were null", low=0),
)

# How far two sources of quality agree on the pairs of prompt and model that both have scored.
AGREEMENT = Schema(
    "agreement",
    (
        Column("slice_kind", _TEXT, "all, dataset or model", among=("all", "dataset", "model")),
        Column("slice", _TEXT, "which of them; all for the whole"),
        Column("source_a", _TEXT, "one quality source"),
        Column("source_b", _TEXT, "the other"),
        Column("statistic", _TEXT, "pearson, spearman, alpha_interval or alpha_ordinal"),
        *_ESTIMATE,
    ),
    key=("slice_kind", "slice", "source_a", "source_b", "statistic"),
)

# What is known of a language model judge besides its scores.
JUDGE_AUDIT = Schema(
    "judge audit",
    (
        Column("quality_source", _TEXT, "the judge"),
        Column("audit", _TEXT, "length, position or repeats"),
        Column("statistic", _TEXT, "what the number is; see pipeline/judging"),
        *_ESTIMATE,
    ),
    key=("quality_source", "audit", "statistic"),
)

# How good every candidate of a predictor is. `versus` names the candidate that it is compared with,
# paired on the same rows, and is "none" where the number stands alone.
SCORES = Schema(
    "score",
    (
        Column("predictor", _TEXT, "what is predicted", among=PREDICTORS),
        Column("candidate", _TEXT, "the learner, or a reference"),
        Column("selected", _BOOL, "whether it is the one that serves"),
        Column("split", _TEXT, "whose rows were judged", among=SPLITS),
        Column("slice_kind", _TEXT, "all, dataset, model, tier, target, length or load"),
        Column("slice", _TEXT, "which of them; all for the whole"),
        Column("metric", _TEXT, "brier, ece, regret, pinball, coverage and so on"),
        Column("versus", _TEXT, "candidate that is subtracted, or none"),
        *_ESTIMATE,
        Column("label", _TEXT, "where the truth comes from: emulated, recorded, live, simulated"),
    ),
    key=("predictor", "candidate", "split", "slice_kind", "slice", "metric", "versus"),
)

# Bins of a reliability diagram, of equal mass.
RELIABILITY = Schema(
    "reliability bin",
    (
        Column("candidate", _TEXT, "the learner, or a reference"),
        Column("model", _TEXT, "whose quality; all for every one together"),
        Column("bin", _INT, "rank of the bin", low=0),
        Column("predicted", _FLOAT, "mean prediction", False, 0.0, 1.0),
        Column("observed", _FLOAT, "mean label", False, 0.0, 1.0),
        Column("low", _FLOAT, "lower bound on the mean label", True, 0.0, 1.0),
        Column("high", _FLOAT, "upper bound on the mean label", True, 0.0, 1.0),
        Column("n", _INT, "labels in the bin", low=1),
    ),
    key=("candidate", "model", "bin"),
)

# How a predictor grows with its training data.
LEARNING = Schema(
    "learning curve",
    (
        Column("predictor", _TEXT, "what is predicted", among=PREDICTORS),
        Column("candidate", _TEXT, "the learner"),
        Column("dataset", _TEXT, "whose test rows were judged: a data set, a tier, or all"),
        Column("share", _FLOAT, "share of the training rows that it learned from", False, 0.0, 1.0),
        Column("trained_on", _INT, "training prompts (or requests) of that data set", low=0),
        Column("metric", _TEXT, "what is shown"),
        *_ESTIMATE,
        Column("label", _TEXT, "where the truth comes from: emulated, recorded, live, simulated"),
    ),
    key=("predictor", "candidate", "dataset", "share", "metric"),
)
