"""Prompts from public sets, by their name on a hub or from local copies of their files."""

from pipeline.workload.hub._open import UnavailableError
from pipeline.workload.hub._read import HubPrompts, read_hub
from pipeline.workload.hub._scored import (
    SCORED_PATH,
    read_scored_prompts,
    read_scored_responses,
)
from pipeline.workload.hub._sets import SETS

__all__ = [
    "SCORED_PATH",
    "SETS",
    "HubPrompts",
    "UnavailableError",
    "read_hub",
    "read_scored_prompts",
    "read_scored_responses",
]
