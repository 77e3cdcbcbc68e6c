"""What is seen of an instance and what is foretold: training and serving share this builder."""

import numpy as np
from numpy.typing import NDArray

from pipeline.files import content_hash

__all__ = ["FEATURES", "FEATURE_SCHEMA", "OBSERVED", "TARGETS", "latency_features"]

Floats = NDArray[np.float64]

TARGETS = ("ttft_s", "tpot_s")

# What is seen of an instance and asked by a request, in the order of the builder's arguments.
OBSERVED = (
    "running",
    "waiting",
    "pending_prefill_tokens",
    "pending_decode_tokens",
    "context_tokens",
    "kv_utilisation",
    "prompt_tokens",
    "predicted_output_tokens",
)
FEATURES = (*OBSERVED, "prefill_ahead_tokens", "mean_context_tokens")

# Stored with every latency model and compared when one is loaded: a model never meets features that
# it was not trained on. Raise the number when a meaning changes under an old name.
FEATURE_SCHEMA = content_hash([1, *FEATURES])


def latency_features(
    running: Floats,
    waiting: Floats,
    pending_prefill: Floats,
    pending_decode: Floats,
    context: Floats,
    kv_utilisation: Floats,
    prompt_tokens: Floats,
    predicted_tokens: Floats,
) -> NDArray[np.float32]:
    """Return the features of n (request, instance) pairs, (n, len(FEATURES)).

    The first six describe the instance just before the request is added to it; counts, tokens and
    a share. The last two of the arguments are the request's own tokens, known and expected.
    """
    columns = (
        running,
        waiting,
        pending_prefill,
        pending_decode,
        context,
        kv_utilisation,
        prompt_tokens,
        predicted_tokens,
        pending_prefill + prompt_tokens,
        context / np.maximum(running, 1.0),
    )
    # Filled column by column: stacking them costs a router more than its trees do.
    features = np.empty((np.size(predicted_tokens), len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        features[:, place] = column
    return features
