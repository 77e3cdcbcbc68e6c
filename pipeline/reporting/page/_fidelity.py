"""Sections on how true the engine is, which every simulated number above them rests on."""

from pipeline.reporting.page._html import ReportSection
from pipeline.reporting.page._inputs import ReportInputs

__all__ = ["fidelity_sections"]


def fidelity_sections(inputs: ReportInputs) -> list[ReportSection]:
    """Return what was measured; without measured tables only the cells and the clocks are there."""
    tables = inputs.tables
    agree = "agree" if inputs.metrics["fidelity"]["clocks_agree"] else "do NOT agree"
    sections = [
        ReportSection(
            "Fidelity: published cells",
            "Mean E2E of the published cells, simulated on the published 13 instances with three "
            "constants chosen once: mean output length, and rate and base delay of the router, "
            "which follow from the published time off the instances. Unlimited: a router that "
            "makes nobody wait. Fitting: the router rate that meets a cell that is off by more "
            f"than 10 %. Emulated and virtual clock {agree} on mean TPOT and E2E of one workload.",
            tables["ladder"].drop("label"),
            label="simulated",
        )
    ]
    if "runs" in tables:
        sections.append(
            ReportSection(
                "Fidelity: real runs replayed",
                "Signed errors in percent, simulated against recorded, over the requests that one "
                "factor on all step times was not calibrated on.",
                tables["runs"].drop("label"),
                label="recorded + simulated",
            )
        )
    if "steptime" in tables:
        sections.append(
            ReportSection(
                "Fidelity: held-out iterations",
                "Mean absolute percentage error of fitted step times on a fifth of the grid points "
                "that the fit did not see. Feasible: what the card's memory and the token budget "
                "allow. Usual: 20 to 256 sequences of 500 to 3,000 tokens.",
                tables["steptime"].drop("label"),
                label="recorded",
                split="held-out fifth",
            )
        )
    return sections
