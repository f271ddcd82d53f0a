"""The command as a person runs it, and what it says."""

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import freqtrade
import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.synthetic import SYNTHETIC_MARKER
from altseason_lab.study.cell import CellResult
from altseason_lab.study.difference import Difference, Interval
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.metrics import DailyEquity, Metrics, Outcome
from altseason_lab.study.report import StudyReport
from altseason_lab.study.run import Placebos, PlaceboTest, Study
from altseason_lab.study.verdict import describe_difference, describe_test
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD

EAGER = '    buy_params = {"macd_trigger": "above"}'
PATIENT = '    buy_params = {"macd_trigger": "cross"}'
METRICS = Metrics(-1234.5, 0.1, 0.2, None, -12.345, 123.45, None, -2.345, 12345, 1.0, 0.123)
START, END = pd.Timestamp("2022-01-01", tz="UTC"), pd.Timestamp("2022-02-01", tz="UTC")
OUTCOME = Outcome(METRICS, DailyEquity(START.date(), (1000.0, 1001.0), 1000.0))
RESULT = CellResult(
    OUTCOME,
    ("ETH/USDT", "SOL/USDT"),
    "1h",
    START,
    END,
    ((START, END),),
    0.5,
    0.001,
    holds={"hold coins": OUTCOME, "hold BTC": None},
)
CELL = Cell(Scope("", ()), "breadth_and_falling")


def earning(profit: float) -> CellResult:
    metrics = replace(METRICS, profit=profit)
    return replace(RESULT, outcome=replace(OUTCOME, metrics=metrics))


def found(true: float, placebos: list[float], tests: int = 1) -> PlaceboTest:
    shifted = Placebos("shift", earning(true), [earning(profit) for profit in placebos])
    return PlaceboTest(CELL, earning(true), [shifted], tests)


def test_verdict_says_whether_dates_mattered_or_cannot_be_told():
    words = "On these coins and years the dates of dominance"
    assert describe_test(found(0.1, [0.0] * 19)).startswith(f"{words} mattered beyond")
    assert describe_test(found(0.1, [0.0] * 18 + [0.2])).startswith(f"{words} did not matter beyon")
    assert describe_test(found(0.1, [0.0] * 18)).startswith("There are too few placebos to tell")
    # Of two tests each needs half of 0.05, which 39 placebos can give.
    few = describe_test(found(0.1, [0.0] * 38, tests=2))
    assert few.startswith("There are too few placebos to tell")
    assert few.endswith("at most 0.025 (0.05 divided by 2 tests), which takes 39 placebos or more.")
    assert describe_test(found(0.1, [0.0] * 39, tests=2)).startswith(f"{words} mattered")
    assert "p = 0.100 +- 0.069" in describe_test(found(0.1, [0.0] * 18 + [0.2]))
    assert "1 placebo, the same dominance shifted" in describe_test(found(0.1, [0.0]))


def test_placebos_that_are_open_for_another_time_cannot_tell():
    """A quarter of the time that the gate is open or closed, whichever is shorter, or 5 points."""
    test = found(0.1, [0.0] * 19)
    for true, others, can_tell in (
        (0.22, 0.0, False),
        (0.4, 0.31, True),
        (0.4, 0.29, False),
        (0.96, 0.92, True),
        (0.96, 0.90, False),
    ):
        placebos = [replace(one, open_share=others) for one in test.kinds[0].results]
        said = replace(
            test,
            true=replace(test.true, open_share=true),
            kinds=[replace(test.kinds[0], results=placebos)],
        )
        words = describe_test(said)
        assert ("dates of dominance mattered beyond" in words) is can_tell, (true, others)
        assert words.startswith("The placebos cannot tell whether the dates") is not can_tell


def test_verdict_that_other_placebos_may_turn_says_so():
    """Of 200 placebos 9 leave p at 0.050 +- 0.015, 4 at 0.025 +- 0.011, 20 at 0.104 +- 0.022."""
    words = "other placebos may give the other verdict"
    for as_good, is_close in ((4, False), (9, True), (11, True), (20, False)):
        said = describe_test(found(0.1, [0.0] * (200 - as_good) + [0.2] * as_good))
        assert (words in said) is is_close, as_good
        assert ("dates of dominance mattered" in said) is (as_good < 10)
    test = found(0.1, [0.0] * 191 + [0.2] * 9)
    clear, hopeless = (
        Placebos("bootstrap", test.true, [earning(profit)] * 200) for profit in (0.0, 0.2)
    )
    assert words in describe_test(replace(test, kinds=[*test.kinds, clear]))
    # One kind is enough for dates that do not matter.
    assert words not in describe_test(replace(test, kinds=[*test.kinds, hopeless]))


def test_dates_have_to_matter_by_both_kinds_of_placebos():
    test = found(0.1, [0.0] * 19)
    for profit, verdict in ((0.0, "mattered"), (0.2, "did not matter")):
        drawn = Placebos("bootstrap", test.true, [earning(profit)] * 19)
        both = replace(test, kinds=[*test.kinds, drawn])
        assert f"of dominance {verdict} beyond" in describe_test(both)


def test_profit_that_would_have_mattered_is_above_all_but_those_allowed():
    """Of 39 placebos one may earn as much, as 2/40 is 0.05; of 19 none."""
    profits = [number / 100 for number in range(39)]
    assert found(0.1, profits).kinds[0].find_needed_profit(0.05) == 0.37
    assert found(0.1, profits[:19]).kinds[0].find_needed_profit(0.05) == 0.18
    assert "a profit above 37.00%" in describe_test(found(0.1, profits))


def test_difference_that_may_be_none_is_told_as_such():
    zero, some = Interval(0.1, -0.2, 0.3), Interval(-0.2, -0.3, -0.1)
    unclear = describe_difference(CELL, RESULT, Difference(zero, zero, some, 0.5, 365, 7, 0.4))
    assert "cannot be distinguished from no gate: growth +10.0 points [-20.0, +30.0]" in unclear
    assert "+30.0] a year, p = 0.4; Sharpe ratio" in unclear
    assert "growth of 50 points a year would show in four of five cases" in unclear
    slower = describe_difference(CELL, RESULT, Difference(some, some, some, 0.5, 365, 7, 0.0005))
    assert "grew more slowly than no gate" in slower


def test_difference_that_is_clear_alone_and_not_among_all_says_so():
    some = Interval(-0.2, -0.3, -0.1)
    found = Difference(some, some, some, 0.5, 365, 7, 0.0623, compared=14)
    words = describe_difference(CELL, RESULT, found)
    assert "cannot be distinguished from no gate once all 14 comparisons are counted: " in words
    assert "a year, p = 0.062 with all 14 comparisons counted; Sharpe ratio" in words
    assert "grew more slowly" in describe_difference(CELL, RESULT, replace(found, p_value=0.05))


def test_verdicts_of_a_gate_that_was_closed_for_want_of_dominance_say_so():
    some = Interval(0.2, 0.1, 0.3)
    difference = Difference(some, some, some, 0.5, 365, 7, 0.01)
    test = found(0.1, [0.0] * 19)
    for share, is_told in ((0.09, False), (0.53, True)):
        result = replace(RESULT, missing_share=share)
        said = describe_difference(CELL, result, difference)
        words = "At 53% of the window the gate was closed for want of dominance, so this is no ver"
        assert (words in said.partition(":")[0]) is is_told
        said = describe_test(replace(test, true=replace(test.true, missing_share=share)))
        words = "At 53% of the window dominance was missing, and the placebos have this gap at oth"
        assert (words in said.partition(":")[0]) is is_told
        study = Study("Any", "USDT", {CELL: result}, stored=(date(2022, 1, 1), date(2022, 1, 9)))
        report = StudyReport(study, synthetic=False, offline=False)
        [line] = report.as_json()["warnings"]
        assert line in report.verdicts
        assert line.startswith(f"Dominance was missing or stale at {share:.0%} of the window: the ")
        assert "closed there for want of data, not by its rule (breadth_and_falling, 2022" in line
        assert "stored: 2022-01-01 to 2022-01-09." in line


def test_mismatch_of_placebos_names_its_reason():
    test = found(0.1, [0.0] * 19)
    placebos = [replace(one, open_share=0.1) for one in test.kinds[0].results]
    for share, words in (
        (0.0, "No dominance is missing: where the end of the window meets its beginning"),
        (0.3, "Dominance is missing at 30% of the window"),
    ):
        said = replace(
            test,
            true=replace(test.true, missing_share=share),
            kinds=[replace(test.kinds[0], results=placebos)],
        )
        assert words in describe_test(said)


def test_several_comparisons_say_how_many_are_counted():
    some = Interval(-0.2, -0.3, -0.1)
    difference = Difference(some, some, some, 0.5, 365, 7, 0.01, compared=2)
    cells = [Cell(CELL.scope, mode) for mode in ("level", "falling")]
    for count in (1, 2):
        results = dict.fromkeys(cells[:count], RESULT)
        study = Study("Any", "USDT", results, dict.fromkeys(results, difference))
        report = StudyReport(study, synthetic=False, offline=False)
        text = " ".join(report.as_text())
        assert ("Both comparisons counted: p is" in text) is (count == 2)
        numbers = report.as_json()["differences"]
        assert [(one["p_value"], one["compared"]) for one in numbers] == [(0.01, 2)] * count


def test_text_fits_80_columns_whatever_the_numbers():
    tests = [found(0.1, [0.0] * 19)]
    difference = Difference(*[Interval(0.1, -12.3, 12.3)] * 3, 0.5, 365, 7, 0.5)
    study = Study("Any", "USDT", {CELL: RESULT}, {CELL: difference}, tests)
    lines = StudyReport(study, synthetic=True, offline=True).as_text()
    assert max(map(len, lines)) <= 80
    assert any("breadth" in line for line in lines)


def test_command_gives_the_numbers_as_json(home: Home, capsys: pytest.CaptureFixture[str]):
    write_subclass(home.strategies, "Patient", PATIENT)
    words = ["study", "--offline", "-d", str(home.datadir), "--json", "--processes", "1"]
    words += ["--modes", "falling", "--windows", PERIOD, "--groups", "ETH/USDT,ADA/USDT"]
    words += ["--placebos", "2", "--kinds", "shift", "bootstrap", "--set", "macd_trigger=above"]
    words += ["--costs", "--report", "page.html", "--", "--strategy", "Patient"]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert [cell["mode"] for cell in report["cells"]] == ["off", "falling"]
    assert {tuple(cell["pairs"]) for cell in report["cells"]} == {("ETH/USDT", "ADA/USDT")}
    assert [cell["name"] for cell in report["baselines"]] == ["hold coins", "hold BTC"]
    off, falling = report["cells"]
    assert off["settings"] == falling["settings"] == {"macd_trigger": "above"}
    assert off["open_share"] == 1 > falling["open_share"]
    assert off["trades"] > falling["trades"]
    [test] = report["placebo_tests"]
    assert test["profit"] == falling["profit"]
    assert [placebos["kind"] for placebos in test["kinds"]] == ["shift", "bootstrap"]
    for placebos in test["kinds"]:
        assert len(placebos["profits"]) == 2
        # They are other gates, through the same engine.
        assert falling["profit"] not in placebos["profits"]
        assert placebos["p_value"] in (pytest.approx(1 / 3), pytest.approx(2 / 3), 1)
    assert test["kinds"][1]["open_share"] == pytest.approx(falling["open_share"], abs=0.1)
    assert test["dates_mattered"] is None
    # Two weeks are too few days for an interval.
    assert report["differences"] == []
    assert home.results == []
    # The break-even is searched from none on, and the grid begins with the study's fee.
    [costs] = report["costs"]
    assert [point["cost"] for point in costs["profits"]][:3] == [0, 0.001, 0.0015]
    assert costs["pairs"] == off["pairs"]
    assert report["origin"]["command"].endswith("--report page.html -- --strategy Patient")
    assert report["origin"]["versions"]["freqtrade"] == freqtrade.__version__
    page = (home.folder / "page.html").read_text(encoding="utf-8")
    for part in (
        "Study of Patient",
        "falling, macd_trigger=above among 2 placebos",
        f"at the true dates: {100 * falling['profit']:.1f}\N{NO-BREAK SPACE}%",
        "Profit by cost per side",
        report["origin"]["digest"],
    ):
        assert part in page


@pytest.mark.parametrize(
    ("report", "part"),
    [
        ("a.svg", "--report: expected a file name that ends in .html, found a.svg"),
        ("nowhere/a.html", "found no folder nowhere; create it first"),
    ],
)
def test_page_that_cannot_be_written_is_refused_before_the_backtests(
    home: Home, report: str, part: str, capsys: pytest.CaptureFixture[str]
):
    words = ["study", "--offline", "-d", str(home.datadir), "--report", report]
    assert main([*words, "--", "--timerange", PERIOD]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert part in line


def test_page_without_plotly_is_refused_before_the_backtests(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("altseason_lab.commands.study.has_plotly", lambda: False)
    assert main(["study", "--offline", "-d", str(home.datadir), "--report", "a.html"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--report: expected plotly, found none" in line


def test_trials_on_real_candles_are_counted_once(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """The sample's, without the mark that says so: for a study they are real."""
    datadir = tmp_path / "candles"
    shutil.copytree(home.datadir, datadir)
    (datadir / SYNTHETIC_MARKER).unlink()
    write_subclass(home.strategies, "Eager", EAGER)
    words = ["study", "--offline", "-d", str(datadir), "--json", "--processes", "1"]
    words += ["--modes", "falling", "--groups", "ETH/USDT", "--windows"]
    found = []
    for window in (PERIOD, PERIOD, "20220215-20220225"):
        assert main([*words, window, "--", "--strategy", "Eager"]) == 0
        selection = json.loads(capsys.readouterr().out)["selection"]
        found.append((selection["trials"], selection["new_trials"]))
    assert found == [(2, 2), (2, 0), (4, 2)]
    ledger = home.userdir / "altseason_trials.jsonl"
    ledger.write_text(ledger.read_text().replace('"falling"', '"level"'))
    assert main([*words, PERIOD, "--", "--strategy", "Eager"]) == 2
    assert "does not follow from the lines before it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--windows", "2022"], "expected a time range such as"),
        (["--groups", "ETH/USDT,"], "expected pairs with commas"),
        (["--placebos", "-1"], "expected a whole number of placebos from 0 to 10000"),
        (["--scheduler", "127.0.0.1"], "expected the address of a Dask scheduler such as tcp:"),
        (["--scheduler", "tcp://here:8786", "--processes", "1"], "not allowed with argument"),
        (["--seed", "-1"], "expected a whole number from 0, found '-1'"),
        (["--modes", "rising"], "invalid choice"),
    ],
)
def test_wrong_options_are_refused(
    home: Home, words: list[str], part: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as stopped:
        main(["study", *words])
    assert stopped.value.code == 2
    assert part in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("sma_days=10", "sma_days: expected a parameter of Eager, found none of this name"),
        ("macd_trigger=below", "macd_trigger: expected one of cross, above, found 'below'"),
        ("gate_sma_days=ten", "gate_sma_days: expected a number, found 'ten'"),
        ("gate_sma_days=10.5", "gate_sma_days: expected a whole number, found 10.5"),
        ("gate_sma_days=nan", "gate_sma_days: expected a number, found nan"),
        ("gate_sma_days=1e400", "gate_sma_days: expected a number, found inf"),
        (f"gate_sma_days=10,{'9' * 20}", "gate_sma_days: expected a number of days, 1 to 36500"),
        ("dominance_threshold=54,0", "altseason: dominance_threshold: expected percent between"),
    ],
)
def test_settings_that_a_strategy_cannot_have_are_refused(
    home: Home, setting: str, part: str, capsys: pytest.CaptureFixture[str]
):
    write_subclass(home.strategies, "Eager", EAGER)
    words = ["study", "--offline", "-d", str(home.datadir), "--set", setting]
    assert main([*words, "--", "--strategy", "Eager", "--timerange", PERIOD]) == 2
    assert part in capsys.readouterr().err


def test_window_without_a_candle_is_refused(home: Home, capsys: pytest.CaptureFixture[str]):
    words = ["study", "--offline", "-d", str(home.datadir), "--windows", "20220110-20220110"]
    assert main([*words, "--", "--strategy", "AltSeasonStrategy"]) == 2
    assert "No candle is left to trade" in capsys.readouterr().err


def test_baselines_are_told_once_however_many_cells_have_no_gate():
    cells = [Cell(CELL.scope, "off", settings=(("macd_trigger", value),)) for value in "ab"]
    report = StudyReport(
        Study("Any", "USDT", dict.fromkeys(cells, RESULT)), synthetic=False, offline=False
    )
    assert [one["name"] for one in report.as_json()["baselines"]] == ["hold coins"]
    assert [line.strip() for line in report.as_text()].count("coins") == 1


def test_placebos_are_recommended_for_a_gate_alone():
    """A study of the gate off has none that may have earned by trading less."""
    for mode, is_told in (("off", False), ("falling", True)):
        study = Study("Any", "USDT", {Cell(CELL.scope, mode): RESULT})
        text = " ".join(StudyReport(study, synthetic=False, offline=False).as_text())
        assert ("may have done so only by trading less" in text) is is_told


def test_two_ways_to_name_windows_are_refused(home: Home, capsys: pytest.CaptureFixture[str]):
    words = ["study", "--offline", "--windows", PERIOD, "--", "--timerange", PERIOD]
    assert main(words) == 2
    assert "--windows or --timerange" in capsys.readouterr().err
