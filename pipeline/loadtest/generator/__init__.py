"""A load generator: it sends calls to any OpenAI-compatible endpoint and notes when what came."""

from pipeline.loadtest.generator._call import Call, Outcome, Sent, Target
from pipeline.loadtest.generator._run import run_closed, run_open

__all__ = ["Call", "Outcome", "Sent", "Target", "run_closed", "run_open"]
