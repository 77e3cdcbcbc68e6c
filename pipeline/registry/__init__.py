"""Predictors in the MLflow registry."""

from pipeline.registry._candidates import candidates
from pipeline.registry._log import Candidate, RegistryEntry, register

__all__ = ["Candidate", "RegistryEntry", "candidates", "register"]
