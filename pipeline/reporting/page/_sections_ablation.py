"""Part on the declared contrasts, and on published orderings."""

from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._contrasts import contrast_view
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of, without_label

__all__ = ["ablation_part", "published_part"]


def ablation_part(inputs: ReportInputs) -> Part:
    """Return the answers, a forest plot per family, the placebo, and all contrasts."""
    tables = inputs.tables
    contrasts = tables["contrasts"]
    common = Origin(labels_of(contrasts), SPLIT)
    families = contrasts["family"].unique(maintain_order=True).to_list()
    return Part(
        "ablation",
        "Ablation",
        [
            Section(
                "answers",
                "Answers",
                "The rule stood in params.yaml before the run. Superior: supported if the interval "
                "lies above the margin and the corrected P is below alpha, refuted if it lies "
                "below the margin. Non-inferior: the same against minus the margin. Equivalent: "
                "supported by two one-sided tests inside the margin. Anything else is "
                "inconclusive.",
                tables["answers"].drop("answer"),
                origin=common,
            ),
            *(
                Section(
                    f"forest_{family}",
                    str(family).replace("_", " ").capitalize(),
                    _question(inputs, family),
                    figures=(f"forest_{family}",),
                    origin=common,
                )
                for family in families
            ),
            Section(
                "contrasts",
                "All contrasts",
                "Detectable: the smallest improvement that the design would have found with the "
                "declared power, given where the verdict is inconclusive. A/A floor: what two "
                "equal arms differ by at that rate.",
                contrast_view(contrasts),
                origin=common,
            ),
            Section(
                "placebo",
                "Placebo",
                "An arm that should do what another does: a difference here is the rig's, not an "
                "effect.",
                without_label(tables["placebo"], "level"),
                origin=common,
            ),
        ],
    )


def _question(inputs: ReportInputs, family: str) -> str:
    for row in inputs.tables["answers"].iter_rows(named=True):
        if row["family"] == family:
            return f"{row['question']} {row['answer']}"
    return ""


def published_part(inputs: ReportInputs) -> list[Part]:
    """Return nothing where params.yaml declares no claim."""
    claims, cells = inputs.tables["published"], inputs.tables["published_cells"]
    if claims.is_empty():
        return []
    sections = [
        Section(
            "published",
            "Published orderings beside ours",
            "Ratio of the mean E2E of the faster arm to that of the slower one, as published and "
            "here (paired over seeds). Their fleet, models and prompts were others, so the order "
            "is compared and not the seconds.",
            without_label(claims),
            origin=Origin(labels_of(claims), SPLIT),
        ),
        Section(
            "published_cells",
            "Cells of that comparison",
            "The mix is in percent of the models in the order of their names; router s is the mean "
            "time from the schedule to the decision.",
            without_label(cells),
            origin=Origin(labels_of(cells), SPLIT),
        ),
    ]
    return [Part("published", "Published orderings", sections)]
