"""RouteBalance Pipeline: from prompts and a fleet of LLMs to a trustworthy frontier.

Dependencies point one way: cli, stages -> reporting, registry, loadtest -> scheduling, predictors,
judging, statistics -> fleet, workload -> schema, params, errors. Nothing imports upwards.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
