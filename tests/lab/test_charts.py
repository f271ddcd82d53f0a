"""The style of figures: colors that can be read and told apart, axes that show what is drawn."""

import itertools

import pytest

from altseason_lab.charts import COLORS, DARK, LIGHT, build_figure, scale_axis


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(color[begin : begin + 2], 16) / 255 for begin in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_colors_have_the_contrast_that_reading_needs(scheme: dict[str, str]):
    texts = {name: contrast(scheme[name], scheme["ground"]) for name in ("ink", "faint", "warning")}
    texts |= {name: contrast(scheme["ink"], scheme[name]) for name in ("gain", "loss")}
    assert min(texts.values()) >= 4.5, texts
    lines = {color: contrast(color, scheme["ground"]) for color in COLORS}
    assert min(lines.values()) >= 3, lines


def test_lines_differ_in_color():
    assert all(one != other for one, other in itertools.combinations(COLORS, 2))


def test_range_of_more_than_four_times_has_a_logarithm_with_whole_labels():
    figure = build_figure("x", "y")
    scale_axis(figure, 600.0, 2500.0)
    assert figure.layout.yaxis.type == "log"
    shown = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert shown[500.0] == "500"
    assert shown[2000.0] == "2,000"


@pytest.mark.parametrize("low", [700.0, 0.0, -5.0])
def test_narrow_range_and_one_without_a_logarithm_stay_linear(low: float):
    figure = build_figure("x", "y")
    scale_axis(figure, low, 2500.0)
    assert figure.layout.yaxis.type is None
