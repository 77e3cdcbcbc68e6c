"""A load generator: it sends calls to any OpenAI-compatible endpoint and notes when what came."""

from pipeline.loadtest.generator._call import Call, Outcome, Sent, Target
from pipeline.loadtest.generator._lag import Lag, lag_of
from pipeline.loadtest.generator._run import run_closed, run_open

__all__ = ["Call", "Lag", "Outcome", "Sent", "Target", "lag_of", "run_closed", "run_open"]
