"""Four made-up models that answer generated prompts as text, right or wrong by habit."""

from pipeline.workload.emulated._emulate import emulate
from pipeline.workload.emulated._models import EMULATED_MODELS, EmulatedModel, emulated_model

__all__ = ["EMULATED_MODELS", "EmulatedModel", "emulate", "emulated_model"]
