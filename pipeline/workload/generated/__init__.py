"""Problems made here, offline: five families with exact references and known difficulty."""

from pipeline.workload.generated._chat import Fact, facts
from pipeline.workload.generated._decline import REFUSAL
from pipeline.workload.generated._generate import FAMILIES, generate
from pipeline.workload.generated._item import Pick

__all__ = ["FAMILIES", "REFUSAL", "Fact", "Pick", "facts", "generate"]
