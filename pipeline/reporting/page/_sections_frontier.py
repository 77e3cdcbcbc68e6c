"""Parts on operating points and on systems."""

from pipeline.params import Params
from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._headline import middle_rate
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of, without_label
from pipeline.reporting.page._views import (
    baseline_view,
    definitions,
    operating_points_view,
    reference_view,
    scored_view,
    service_view,
)

__all__ = ["frontier_part", "systems_part"]


def frontier_part(inputs: ReportInputs, params: Params) -> Part:
    """Return the frontier, the operating points, and what they are compared with."""
    tables = inputs.tables
    cells = tables["cells"]
    common = Origin(labels_of(cells), SPLIT)
    return Part(
        "frontier",
        "Frontier",
        [
            Section(
                "planes",
                "Quality, latency and cost",
                "Mean E2E counts from the scheduled time. An arm is on the frontier of its rate "
                "when no other is at least as good in quality, mean E2E and cost and better in "
                "one. Oracles see the labels: they are bounds, not policies.",
                figures=("planes",),
                explorer=True,
                origin=common,
            ),
            Section(
                "operating_points",
                "Operating points",
                "Membership: in what share of joint draws of all arms the arm is on the frontier; "
                "quality and cost drawn over groups of prompts, latency over replications.",
                operating_points_view(cells, tables["frontier"]),
                ("frontier",),
                origin=common,
            ),
            Section(
                "references",
                "Against references that read no prompt",
                "Single models, their random mixtures and two oracles on the test prompts, without "
                "load. The best single model and the dataset oracle were chosen on validation. The "
                "line of the figure is what mixing single models at random attains at that cost.",
                reference_view(tables["references"]),
                ("cost_quality",),
                origin=Origin(labels_of(tables["references"]), SPLIT),
            ),
            Section(
                "against_baseline",
                f"Every arm against {params.frontier.baseline}",
                "Arm minus baseline. Quality and cost are paired by request and resampled by "
                "group; latency is paired by replication. These intervals are not adjusted for "
                "their number; the declared contrasts are.",
                baseline_view(tables["differences"]),
                origin=common,
            ),
            Section("mix", "Which model served", figures=("mix",), origin=common),
            Section(
                "cells",
                "All cells",
                "Every arm, rate and metric with its interval, method and counts. Complete: means "
                "over the requests that were answered. Failures included: a failed request has "
                f"quality 0 and an E2E of {params.frontier.bounds.e2e_s.worst:g} s.",
                without_label(cells),
                origin=common,
            ),
        ],
    )


def systems_part(inputs: ReportInputs, params: Params) -> Part:
    """Return systems as wholes: chosen knobs, hypervolume, extremes, service, field metrics."""
    tables, rate, bounds = inputs.tables, middle_rate(params), params.frontier.bounds
    common = Origin(labels_of(tables["hypervolume"]), SPLIT)
    box = (
        f"quality {bounds.quality.worst:g} to {bounds.quality.best:g}, E2E {bounds.e2e_s.worst:g} "
        f"to {bounds.e2e_s.best:g} s, cost {1000 * bounds.cost_usd.worst:g} to "
        f"{1000 * bounds.cost_usd.best:g} USD per 1000 requests"
    )
    return Part(
        "systems",
        "Systems",
        [
            Section(
                "chosen",
                "Chosen on validation, measured on test",
                "Each system chose its arm for each goal on the validation split; the estimate is "
                "on test. Test arm and test estimate: what choosing on the test split itself would "
                "have shown, which is optimistic.",
                without_label(tables["chosen"], "level", "method"),
                origin=common,
            ),
            Section(
                "hypervolume",
                "Hypervolume",
                f"Share of the declared box that a system dominates: {box}. Differences use the "
                "same joint draws on both sides.",
                without_label(tables["hypervolume"], "level"),
                ("hypervolume",),
                origin=common,
            ),
            Section(
                "radar",
                "Best of each system on each axis",
                "Each axis shows the best arm of a system on that axis as a share of the best of "
                "all systems; the arms differ from axis to axis.",
                without_label(tables["radar"]),
                ("radar",),
                origin=common,
            ),
            Section(
                "extremes",
                "Extremes",
                "The arm of each system with the highest quality, lowest E2E, lowest cost and "
                "highest throughput. Points: its operating points; hull points: those on its hull.",
                without_label(tables["extremes"]),
                origin=common,
            ),
            Section(
                "service",
                "Service under load",
                "",
                service_view(tables["service"]),
                origin=common,
            ),
            Section("service_definitions", "What these mean", "", definitions(tables["service"])),
            Section(
                "field",
                f"Metrics of the field at {rate:g} requests/s",
                "A metric that needs several operating points is not given for a system with one.",
                scored_view(tables["field"], rate),
                origin=common,
            ),
            Section(
                "field_all",
                "Metrics of the field at every rate",
                "",
                without_label(tables["field"], "definition", "level"),
                origin=common,
            ),
        ],
    )
