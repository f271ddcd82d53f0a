"""The style of figures: colors that can be read and told apart, axes that show what is drawn."""

import itertools

import pytest

from altseason_lab.charts import COLORS, DARK, LIGHT, find_log_ticks, needs_logarithm


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


def test_range_of_more_than_four_times_needs_a_logarithm():
    assert needs_logarithm(600.0, 2500.0)
    assert not needs_logarithm(700.0, 2500.0)
    # There is none of these.
    assert not needs_logarithm(0.0, 2500.0)
    assert not needs_logarithm(-5.0, 2500.0)


def test_ticks_of_a_logarithm_are_round_and_few():
    assert find_log_ticks(100.0, 5000.0) == [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000]
    assert find_log_ticks(0.5, 400.0) == [0.1, 1, 10, 100, 1000]
    # From a loss of 70 % to a profit of 25 %: six of them, and not two.
    shown = [tick for tick in find_log_ticks(0.3, 1.25) if 0.25 <= tick <= 1.5]
    assert shown == pytest.approx([0.3, 0.5, 0.7, 1, 1.5])
