"""Learned routers that the field compares with, trained on the same rows as our own.

A new one is a file with a `LearnedRouter`, its name in `ROUTERS`, and a section of its
hyperparameters under `routers` in params.yaml.
"""

from pipeline.scheduling.baselines._avengers_pro import AvengersPro
from pipeline.scheduling.baselines._base import Knob, LearnedRouter, RouterData
from pipeline.scheduling.baselines._best_route import BestRoute
from pipeline.scheduling.baselines._data import router_data
from pipeline.scheduling.baselines._evaluate import evaluate_routers
from pipeline.scheduling.baselines._registry import ROUTERS, fit_routers
from pipeline.scheduling.baselines._route_llm import RouteLlm
from pipeline.scheduling.baselines._store import load_routers, save_routers

__all__ = [
    "ROUTERS",
    "AvengersPro",
    "BestRoute",
    "Knob",
    "LearnedRouter",
    "RouteLlm",
    "RouterData",
    "evaluate_routers",
    "fit_routers",
    "load_routers",
    "router_data",
    "save_routers",
]
