"""The page of a study: the same as its text says, and drawn whatever there is to draw."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from altseason_lab.page import (
    Chart,
    Choice,
    Command,
    Page,
    Paragraph,
    Table,
    Terms,
    render_page,
    save_page,
)
from altseason_lab.study.difference import Interval
from altseason_lab.study.page import MAX_VERDICTS, build_page
from altseason_lab.study.report import StudyReport, write_number
from tests.lab.browser import OPEN_ALL, Look, look_at
from tests.lab.study.studies import ORIGIN, gate, make_report, make_result

MODES = ("level", "falling", "level_and_falling", "breadth", "breadth_and_falling")
HOSTILE = "A" * 90 + "<script>console.error('run')</script>"


def blocks(page: Page, kind: type) -> Iterator[Any]:
    return (block for part in page.sections for block in part.blocks if isinstance(block, kind))


def chart(page: Page, title: str) -> Chart:
    return next(found for found in blocks(page, Chart) if found.title.startswith(title))


def words(page: Page) -> list[str]:
    return [f"{block.strong} {block.text}".strip() for block in blocks(page, Paragraph)]


def with_results(report: StudyReport, **changes: Any) -> StudyReport:
    """Return a report with other results of some cells, by mode."""
    results = {
        cell: changes.get(cell.mode, result) for cell, result in report.study.results.items()
    }
    return replace(report, study=replace(report.study, results=results, tests=[], differences={}))


def test_few_verdicts_come_first_and_in_the_words_of_the_text():
    report = make_report(placebos=20)
    page = build_page(report)
    assert page.sections[0].title == "Verdict"
    said = [f"{one.strong} {one.text}" for one in page.sections[0].blocks]
    assert said == report.verdicts
    # The sign for it that a terminal may lack is on the page alone.
    rank = str(report.study.tests[0].kinds[0].rank)
    assert rank in said[0]
    assert rank.replace("+-", "±") in render_page(page)
    assert said[0].startswith("On these coins and years the dates of dominance")
    assert [warning[:9] for warning in page.warnings] == ["SYNTHETIC"]


def test_one_comparison_tells():
    report = make_report(modes=MODES, placebos=0)
    [(cell, found), *_] = report.study.differences.items()
    report.study.differences[cell] = replace(found, growth=Interval(0.1, 0.05, 0.4), p_value=0.03)
    [first, *_] = build_page(report).sections[0].blocks
    assert f"1 of {len(report.study.differences)} comparisons distinguishes a gate" in first.strong
    assert "from no gate, level (2019-01-01 to 2019-04-30): its growth differs" in first.strong


def test_each_comparison_has_a_row():
    report = make_report(modes=MODES, placebos=0)
    [(cell, found), *_] = report.study.differences.items()
    growth = Interval(-0.1, -0.4, -0.0001)
    report.study.differences[cell] = replace(found, growth=growth, p_value=0.03)
    report.study.results[cell] = replace(report.study.results[cell], missing_share=0.53)
    blocks_shown = build_page(report).sections[0].blocks
    [table] = [block for block in blocks_shown if isinstance(block, Table)]
    shown = [[one.text for one in row] for row in table.rows]
    assert shown[0] == ["level", "more slowly", "0.03", "-10.0", "-40.0 to +0.0", "53"]
    assert shown[1] == ["falling", "no verdict", "0.25", "+10.0", "-20.0 to +40.0", "0"]


def test_no_number_is_a_negative_zero():
    assert write_number(-0.0001, 1) == "0.0"
    assert Interval(-0.0001, -0.0001, 0.0).write(1, signed=True) == "+0.0 [+0.0, +0.0]"
    report = make_report(placebos=0)
    nothing = replace(make_result([999.9999] * 120), profits={"ETH/USDT": {2019: -0.00001}})
    report = with_results(report, falling=gate(nothing, [], {}))
    assert "-0.0" not in [
        text
        for table in blocks(build_page(report), Table)
        for row in table.rows
        for cell in row
        for text in (cell.text, cell.detail)
    ]
    assert "-0.0" not in " ".join(report.as_text())


def test_many_verdicts_are_counted_and_stand_with_their_gate():
    report = make_report(modes=MODES, windows=("20190101-", "20190102-"), placebos=200)
    assert len(report.verdicts) > MAX_VERDICTS
    page = build_page(report)
    mattered = sum(test.dates_mattered for test in report.study.tests)
    first, table, second, comparisons, chance = page.sections[0].blocks
    assert len(comparisons.rows) == 10
    assert first.strong == (
        f"In {mattered} of 8 tests the dates of dominance mattered beyond trading less."
    )
    assert "at most 0.0063 (0.05 divided by 8 tests)" in first.text
    assert len(table.rows) == 8
    assert "0 of 10 comparisons distinguish a gate from no gate" in second.strong
    assert chance.strong == "All 10 comparisons counted:"
    for verdict in report.verdicts:
        assert verdict in words(page)
    assert {block.choice for block in page.sections[2].blocks if isinstance(block, Chart)} == {
        *("", *MODES)
    } - {"breadth"}


def test_gates_with_other_settings_have_their_own_names_charts_and_coins():
    settings = {"gate_sma_days": (10, 20), "macd_trigger": ("cross", "above")}
    page = build_page(make_report(modes=("level", "falling"), settings=settings, placebos=3))
    [choice] = blocks(page, Choice)
    assert list(choice.options.values()) == [
        *("level, macd_trigger=cross", "level, macd_trigger=above"),
        *(
            f"falling, gate_sma_days={days}, macd_trigger={trigger}"
            for days in (10, 20)
            for trigger in ("cross", "above")
        ),
    ]
    assert len(chart(page, "Growth").figure.data) == 6
    histograms = [found for found in blocks(page, Chart) if " among " in found.title]
    assert [found.choice for found in histograms[::2]] == list(choice.options)
    coins = [found for found in blocks(page, Table) if "by coin" in found.title]
    assert [found.choice for found in coins] == list(choice.options)


def test_too_few_placebos_are_no_verdict():
    page = build_page(make_report(modes=MODES, placebos=3))
    first = page.sections[0].blocks[0].strong
    assert first.startswith("Not all tests can tell")
    assert first.endswith("mattered: too few placebos.")


def test_profits_stand_beside_drawdowns_for_each_window():
    report = make_report(windows=("20190101-", "20190102-"))
    table = next(
        block for block in build_page(report).sections[1].blocks if isinstance(block, Table)
    )
    assert table.headers == ["", *["2019-01-01 to 2019-04-30, 2 pairs"] * 2]
    assert [row[0].text for row in table.rows] == [*("off", "hold coins", "hold BTC", "falling")]
    [cell, *_] = [one for one in report.study.results if one.mode == "off"]
    profit = report.study.results[cell].metrics.profit
    assert [one.detail for one in table.rows[0][1:]] == ["12.3", "12.3"]
    assert table.rows[0][1].text == f"{profit * 100:.1f}"
    assert (table.rows[0][1].heat > 0) is (profit > 0)


def test_coins_are_shown_by_year_beside_the_gate_off():
    report = make_report()
    gated = gate(make_result([1000.0] * 120), [], {})
    gated = replace(gated, profits={"ETH/USDT": {2019: 0.04, 2020: -0.02}})
    off = replace(make_result([1000.0] * 120), profits={"SOL/USDT": {2020: 0.01}})
    page = build_page(with_results(report, falling=gated, off=off))
    [table] = [block for block in blocks(page, Table) if "by coin" in block.title]
    assert table.headers == ["", "2019", "2020"]
    assert [[(cell.text, cell.detail, cell.heat) for cell in row] for row in table.rows] == [
        [("ETH/USDT", "", None), ("4.0", "-", 1.0), ("-2.0", "-", -0.5)],
        [("SOL/USDT", "", None), ("-", "-", None), ("-", "1.0", None)],
    ]


def test_costs_are_drawn_where_they_were_asked_for():
    title = "Profit by cost per side"
    page = build_page(make_report(has_costs=True))
    assert len(chart(page, title).figure.data) == 2
    assert "With its own gate, Mine: Breaks even at 0.15 %" in " ".join(words(page))
    page = build_page(make_report())
    assert title not in {found.title for found in blocks(page, Chart)}
    assert "--costs" in " ".join(words(page))


def test_page_names_what_made_it():
    page = build_page(make_report())
    assert [block.text for block in blocks(page, Command)] == [ORIGIN.command]
    versions = list(blocks(page, Terms))[-1].meanings
    assert versions["altseason"] == "1.2.3"
    assert ORIGIN.digest in versions.values()
    assert "2019-01-01 to 2019-04-30: 1h candles of ETH/USDT SOL/USDT" in words(page)


def test_same_study_is_the_same_page():
    first, second = (render_page(build_page(make_report(has_costs=True))) for _ in range(2))
    assert first == second


def make_odd_report() -> StudyReport:
    """A study in whose windows this and that is missing."""
    report = make_report(windows=["20190101-", "20190102-", "20190103-", "20190104-"], placebos=0)
    off = make_result([1000.0 + day for day in range(120)])
    idle = make_result([1000.0] * 120, trades=0)
    closed = gate(off, [], {"BTC.D %": [60.0] * 120, "opens below %": [55.0] * 120})
    without_bitcoin = replace(off, holds={**off.holds, "hold BTC": None})
    without_dominance = gate(off, [], {})
    pairs = [(off, closed), (idle, gate(idle, [], {})), (without_bitcoin, closed)]
    results = [one for pair in [*pairs, (off, without_dominance)] for one in pair]
    cells = dict(zip(report.study.results, results, strict=True))
    return replace(report, study=replace(report.study, results=cells, differences={}))


def make_reports() -> dict[str, StudyReport]:
    """Studies in which something is missing, or too much."""
    return {
        "odd": make_odd_report(),
        "many": make_report(
            modes=MODES,
            windows=[f"2019010{day}-" for day in range(1, 9)],
            groups=[tuple(f"COIN{number}/USDT" for number in range(12))],
            strategy=HOSTILE,
            placebos=5,
            has_costs=True,
        ),
        "one day": make_report(days=1, placebos=2),
        "off alone": make_report(modes=(), trades=0),
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, report in make_reports().items():
        save_page(build_page(report), folder / f"{name}.html")
    return {path.stem: path for path in folder.iterdir()}


def test_browser_draws_all_charts_of_any_study_and_nothing_is_wider_than_a_phone(pages):
    # Of the sections of many windows the first one is open, and shows as much as any.
    scripts = {"many": ""}
    looks = [Look(path, 390, script=scripts.get(name, OPEN_ALL)) for name, path in pages.items()]
    for look, seen in zip(looks, look_at(*looks), strict=True):
        name = look.path.stem
        assert (seen.messages, seen.requests, seen.overflow) == ([], [], 0), name
        shown = [found for found in seen.charts if found["isShown"]]
        assert len(shown) >= 3, name
        assert [found["title"] for found in shown if not found["shapes"]] == [], name
        assert max(found["width"] for found in shown) <= 390, name


USE = """
const [wallet, falls] = document.querySelectorAll("figure.chart[data-linked] .plot");
const button = [...wallet.closest("figure").querySelectorAll("button")].find(
  (one) => one.textContent.trim() === "falling"
);
button.click();
const isHidden = wallet.data.find((trace) => trace.name === "falling").visible === false;
const range = ["2019-02-01", "2019-03-01"];
await Plotly.relayout(wallet, {"xaxis.range[0]": range[0], "xaxis.range[1]": range[1]});
await frame();
const isZoomed = falls.layout.xaxis.range.every((end, number) => end.startsWith(range[number]));
if (!isHidden || !isZoomed) throw new Error(`hidden: ${isHidden}, zoomed: ${isZoomed}`);
"""


def test_browser_hides_a_line_by_its_name_and_zooms_charts_together(tmp_path: Path):
    path = tmp_path / "page.html"
    save_page(build_page(make_report(placebos=0)), path)
    [seen] = look_at(Look(path, 1280, script=USE))
    assert seen.messages == []


def test_browser_follows_the_scheme_and_the_choice_of_a_gate(tmp_path: Path):
    path = tmp_path / "page.html"
    save_page(build_page(make_report(modes=("falling", "level"))), path)
    choose = """
    const select = document.querySelector("select");
    select.value = "level";
    select.dispatchEvent(new Event("change"));
    """
    light, dark, chosen = look_at(
        Look(path, 1280), Look(path, 1280, "dark"), Look(path, 1280, script=choose)
    )
    assert (light.ground, dark.ground) == ("rgb(255, 255, 255)", "rgb(21, 24, 28)")
    for seen, color in ((light, "rgb(34, 34, 34)"), (dark, "rgb(228, 228, 228)")):
        assert (seen.messages, seen.overflow) == ([], 0)
        assert {found["color"] for found in seen.charts if found["isShown"]} == {color}
    for seen, gate_name in ((light, "falling"), (chosen, "level")):
        histograms = [found for found in seen.charts if " among " in found["title"]]
        assert len(histograms) == 4
        shown = {found["title"].split()[0] for found in histograms if found["isShown"]}
        assert shown == {gate_name}
        assert all(found["shapes"] for found in histograms if found["isShown"])


CUT = """
await frame();
const boxes = [...document.querySelectorAll(".box")].filter((box) => box.offsetParent);
const cut = boxes.filter((box) => {
  const scroll = box.querySelector(".scroll");
  return scroll.scrollWidth - scroll.clientWidth > 1;
});
if (!cut.length) throw new Error("no table is wider than the page");
const marked = boxes.filter((box) => box.hasAttribute("data-more"));
if (marked.length !== cut.length) throw new Error(`cut: ${cut.length}, marked: ${marked.length}`);
const last = cut[0].querySelector(".scroll");
last.scrollLeft = last.scrollWidth;
await new Promise((done) => setTimeout(done, 200));
if (cut[0].hasAttribute("data-more")) throw new Error("marked at its end");
"""


def test_browser_marks_a_table_that_goes_on_at_the_right(tmp_path: Path):
    path = tmp_path / "page.html"
    save_page(build_page(make_report(modes=MODES)), path)
    [seen] = look_at(Look(path, 390, script=CUT))
    assert seen.messages == []
