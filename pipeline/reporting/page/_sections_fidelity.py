"""Sections on how true the engine is, which every simulated number above them rests on."""

from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import without_label

__all__ = ["fidelity_part"]


def fidelity_part(inputs: ReportInputs) -> Part:
    """Return what was measured; without measured tables only the cells and the clocks are there."""
    tables = inputs.tables
    agree = "agree" if inputs.metrics["fidelity"]["clocks_agree"] else "do NOT agree"
    sections = [
        Section(
            "ladder",
            "Published cells",
            "Mean E2E of the published cells, simulated on the published 13 instances with three "
            "constants chosen once: mean output length, and rate and base delay of the router, "
            "which follow from the published time off the instances. Unlimited: a router that "
            "makes nobody wait. Fitting: the router rate that meets a cell that is off by more "
            f"than 10 %. Emulated and virtual clock {agree} on mean TPOT and E2E of one workload.",
            without_label(tables["ladder"]),
            origin=Origin("simulated"),
        )
    ]
    if "runs" in tables:
        sections.append(
            Section(
                "runs",
                "Real runs replayed",
                "Signed errors in percent, simulated against recorded, over the requests that one "
                "factor on all step times was not calibrated on.",
                without_label(tables["runs"]),
                origin=Origin("recorded + simulated"),
            )
        )
    if "steptime" in tables:
        sections.append(
            Section(
                "steptime",
                "Held-out iterations",
                "Mean absolute percentage error of fitted step times on a fifth of the grid points "
                "that the fit did not see. Feasible: what the card's memory and the token budget "
                "allow. Usual: 20 to 256 sequences of 500 to 3,000 tokens.",
                without_label(tables["steptime"]),
                origin=Origin("recorded", "held-out fifth"),
            )
        )
    return Part("fidelity", "Fidelity", sections)
