"""An OpenAI-compatible endpoint in front of a fleet, with the scheduler of the simulator."""

from pipeline.gateway._gateway import Gateway
from pipeline.gateway._health import HealthRule
from pipeline.gateway._keys import Access, Keys, read_keys
from pipeline.gateway._parts import Choice, Loaded, Maker
from pipeline.gateway._project import Project, check_models
from pipeline.gateway._serve import run_gateway
from pipeline.gateway._settings import Settings

__all__ = [
    "Access",
    "Choice",
    "Gateway",
    "HealthRule",
    "Keys",
    "Loaded",
    "Maker",
    "Project",
    "Settings",
    "check_models",
    "read_keys",
    "run_gateway",
]
