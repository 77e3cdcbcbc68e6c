"""Live collection: what the models of a fleet answer, from any OpenAI-compatible endpoints."""

from pipeline.collecting._collect import collect_live
from pipeline.collecting._stage import collect_stage

__all__ = ["collect_live", "collect_stage"]
