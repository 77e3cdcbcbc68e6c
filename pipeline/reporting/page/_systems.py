"""Which system an arm belongs to, and the colour of each system in every figure."""

from collections.abc import Iterable, Mapping, Sequence

from pipeline.reporting.page._style import GREY, INK, PALETTE

__all__ = ["ORACLE", "OTHER", "arm_systems", "is_oracle", "system_colours"]

OTHER, ORACLE = "other arms", "oracles"


def is_oracle(arm: str) -> bool:
    """Whether an arm sees the labels: a bound, not a policy."""
    return arm.endswith("_oracle")


def arm_systems(arms: Iterable[str], systems: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return arm to system: the first that names it, `ORACLE`, or `OTHER`."""
    owner = {arm: name for name, points in reversed(list(systems.items())) for arm in points}
    return {arm: ORACLE if is_oracle(arm) else owner.get(arm, OTHER) for arm in arms}


def system_colours(systems: Sequence[str]) -> dict[str, str]:
    """Return a colour for each system in their declared order, grey for others, ink for oracles.

    The first six differ for colour-blind readers; from the seventh on they repeat.
    """
    colours = {name: PALETTE[i % 6] for i, name in enumerate(systems)}
    return colours | {OTHER: GREY, ORACLE: INK}
