"""A model of meta-labels as a section of a study's page."""

from collections.abc import Iterator

import plotly.graph_objects as go

from altseason_lab.charts import COLORS, build_figure
from altseason_lab.metalabels.report import (
    BIN_HEADERS,
    describe,
    describe_model,
    describe_scope,
    write_bin,
)
from altseason_lab.metalabels.run import MetaLabels
from altseason_lab.page import Block, Cell, Chart, Paragraph, Section, Table
from altseason_lab.study.figures import (
    GREY,
    HistogramWords,
    draw_histogram,
    draw_intervals,
    find_height,
    name_rows,
)
from altseason_lab.study.scope_page import write_verdict
from altseason_lab.texts import count

CORRECT = "correct probabilities"
OVERLAP = (
    "Features with the same information share their importance: one of them can be left out at "
    "little cost."
)
SHUFFLED = "Each placebo was trained on the same entries, with their outcomes shuffled."


def build_section(found: MetaLabels) -> Section:
    """Return the section of a model."""
    return Section(
        f"Meta-labels: {describe_scope(found)}",
        list(_build_blocks(found)),
        is_open=True,
        short=f"Meta-labels: {found.model}",
    )


def _build_blocks(found: MetaLabels) -> Iterator[Block]:
    _, *rest = describe(found)
    yield from map(write_verdict, rest)
    calibration = found.scores.calibration
    yield Chart(
        title=f"Reliability: calibration error {calibration.error:.3f}",
        figure=draw_reliability(found),
        description="The share of won entries, by their probability: "
        + "; ".join(
            f"{one.probability:.1%}: {(one.share * 100).write(1)} %" for one in calibration.bins
        ),
        notes=["Ten bins of equally many entries, with 95 % intervals."],
        height=400,
    )
    yield Chart(
        title=f"AUC among {count(len(found.shuffled), 'model')} of shuffled labels: {found.rank}",
        figure=draw_shuffled(found),
        description="Histogram of the AUC of models of shuffled labels, with the true one: "
        f"{found.rank}.",
        notes=[SHUFFLED],
        height=320,
    )
    figure = draw_importances(found)
    yield Chart(
        title="Importances: AUC lost where a feature is shuffled, with 95 % intervals",
        figure=figure,
        description="; ".join(f"{one.feature}: {one.fall.write(4)}" for one in found.importances),
        notes=[OVERLAP],
        height=find_height(figure),
    )
    yield Table(
        title="By probability, with the mean profit of an entry after fees",
        headers=list(BIN_HEADERS),
        rows=[list(map(Cell, write_bin(one))) for one in calibration.bins],
    )
    yield Paragraph(describe_model(found))


def draw_reliability(found: MetaLabels) -> go.Figure:
    """Draw the share that was won by probability, beside that of correct probabilities."""
    figure = build_figure("probability of the model, %", "won, %")
    bins = found.scores.calibration.bins
    ends = [
        min(one.probability for one in bins) * 100,
        max(one.probability for one in bins) * 100,
    ]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name=CORRECT,
        line={"color": GREY, "width": 2, "dash": "dash"},
        hoverinfo="skip",
    )
    shares = [one.share * 100 for one in bins]
    figure.add_scatter(
        x=[round(one.probability * 100, 4) for one in bins],
        y=[round(share.value, 4) for share in shares],
        error_y=draw_intervals(shares),
        mode="markers",
        name=f"{found.model}, with 95 % intervals",
        marker={"size": 10, "color": COLORS[0]},
        hovertemplate="probability %{x:.1f} %, won %{y:.1f} %<extra></extra>",
    )
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(rangemode="tozero")
    return figure


def draw_shuffled(found: MetaLabels) -> go.Figure:
    """Draw how many models of shuffled labels had which AUC, and that of the model."""
    auc = found.scores.auc.value
    words = HistogramWords(
        x_title="AUC",
        less="a lower AUC",
        more="as high or higher",
        true=f"the model: {auc:.3f}, {found.rank}",
        hover="%{x:.3f}",
    )
    return draw_histogram(found.shuffled, auc, words)


def draw_importances(found: MetaLabels) -> go.Figure:
    """Draw by how much the AUC falls where a feature is shuffled, the most important first."""
    figure = build_figure("AUC lost", "")
    falls = [one.fall for one in found.importances]
    figure.add_scatter(
        x=[round(fall.value, 6) for fall in falls],
        y=list(range(len(falls))),
        error_x=draw_intervals(falls),
        mode="markers",
        name=found.model,
        marker={"size": 9, "color": COLORS[0]},
        hovertemplate="%{x:.4f}<extra></extra>",
        showlegend=False,
    )
    name_rows(figure, [one.feature for one in found.importances])
    return figure
