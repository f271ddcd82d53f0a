"""`altseason dominance import` and `status`, as a user runs them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import save_marker
from tests.conftest import ROOT, STRATEGIES, dominance_candles
from tests.gate.coin_days import store_coins
from tests.integration.freqtrade_runs import write_subclass


@pytest.fixture
def userdir(tmp_path: Path) -> Path:
    """A foreign user_data with nothing but the strategies folder and a config in it."""
    folder = tmp_path / "user_data"
    folder.mkdir()
    (folder / "strategies").symlink_to(STRATEGIES)
    (folder / "config.json").write_text('{"exchange": {"name": "kraken"}}')
    return folder


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "dominance.csv"
    path.write_text("date,dominance\n2021-01-01,60.5\n2021-01-02,59.5\n2021-01-05,58.5\n")
    return path


def test_import_stores_where_freqtrade_looks(
    userdir: Path, csv_file: Path, capsys: pytest.CaptureFixture
):
    assert main(["dominance", "import", str(csv_file), "--userdir", str(userdir)]) == 0
    output = " ".join(capsys.readouterr().out.split())
    stored = userdir / "data" / "kraken" / "BTCD_USD-1d.feather"
    assert DominanceStore(stored.parent).load("1d")["close"].tolist() == [60.5, 59.5, 58.5]
    for fact in ("3 rows", "2021-01-01 00:00 to 2021-01-05 00:00", "1 gap", "Stamp rule: open"):
        assert fact in output
    assert "missing: 2021-01-03 00:00 to 2021-01-04 00:00" in output
    assert str(stored) in output


@pytest.mark.parametrize("data_format", ["feather", "json", "parquet"])
def test_import_stores_in_the_configured_format(
    userdir: Path, csv_file: Path, tmp_path: Path, data_format: str
):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"exchange": {"name": "okx"}, "dataformat_ohlcv": data_format}))
    options = ["-c", str(config), "--userdir", str(userdir)]
    assert main(["dominance", "import", str(csv_file), *options]) == 0
    assert (userdir / "data" / "okx" / f"BTCD_USD-1d.{data_format}").is_file()


def test_import_as_json_gives_the_same_facts(
    userdir: Path, csv_file: Path, capsys: pytest.CaptureFixture
):
    assert main(["dominance", "import", str(csv_file), "--json", "--userdir", str(userdir)]) == 0
    report = json.loads(capsys.readouterr().out)
    day = report["timeframes"][0]
    assert (report["format"], report["stamp"], report["rows"]) == (
        "table of dates and values",
        "open",
        3,
    )
    assert (day["timeframe"], day["candles"], day["added"]) == ("1d", 3, 3)
    assert day["gaps"] == [
        {"start": "2021-01-03T00:00:00+00:00", "end": "2021-01-04T00:00:00+00:00"}
    ]


def test_import_into_a_folder_that_cannot_be_written_ends_in_one_line(
    userdir: Path, csv_file: Path, capsys: pytest.CaptureFixture
):
    in_the_way = userdir / "data" / "kraken" / ".altseason.lock"
    in_the_way.mkdir(parents=True)
    assert main(["dominance", "import", str(csv_file), "--userdir", str(userdir)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("altseason: ")
    assert str(in_the_way) in line


def test_data_directory_that_is_none_is_named(
    userdir: Path, csv_file: Path, capsys: pytest.CaptureFixture
):
    """A file is in its place; the text is the system's, without the number that Python adds."""
    words = ["dominance", "import", str(csv_file), "--userdir", str(userdir), "-d", str(csv_file)]
    assert main(words) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"altseason: {csv_file}")
    assert "Errno" not in line


def test_import_reports_candles_that_disagree(
    userdir: Path, csv_file: Path, capsys: pytest.CaptureFixture
):
    DominanceStore(userdir / "data" / "kraken").append(
        dominance_candles([60.5, 50.0], "2021-01-01"), "1d"
    )
    assert main(["dominance", "import", str(csv_file), "--userdir", str(userdir)]) == 0
    output = capsys.readouterr().out
    assert "1 candles disagree" in output
    assert "2021-01-02 00:00: stored 50.0000, new 59.5000" in output
    assert "levels differ" not in " ".join(output.split())


@pytest.mark.parametrize(("shift", "is_named"), [(4.75, True), (-0.75, True), (0.5, False)])
def test_import_of_another_level_is_named(
    userdir: Path, tmp_path: Path, capsys: pytest.CaptureFixture, shift: float, *, is_named: bool
):
    """Ten days are stored, of which one is the same in the file."""
    folder = userdir / "data" / "kraken"
    DominanceStore(folder).append(
        dominance_candles([50.0] * 9 + [60.0 + shift], "2021-01-01"), "1d"
    )
    file = tmp_path / "other.csv"
    days = pd.date_range("2021-01-01", periods=20)
    values = [50.0 + shift] * 9 + [60.0 + shift] * 11
    pairs = zip(days, values, strict=True)
    file.write_text("date,btc_dominance\n" + "".join(f"{d:%Y-%m-%d},{v}\n" for d, v in pairs))
    words = ["dominance", "import", str(file), "--dry-run", "--userdir", str(userdir)]
    assert main(words) == 0
    output = " ".join(capsys.readouterr().out.split())
    named = f"The levels differ by {shift:+.2f} percentage points"
    assert (named in output) is is_named
    assert main([*words, "--json"]) == 0
    day = json.loads(capsys.readouterr().out)["timeframes"][0]
    assert day["level_difference"] == pytest.approx(shift)


def test_import_that_differs_in_no_close_says_so(
    userdir: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    DominanceStore(userdir / "data" / "kraken").append(
        dominance_candles([60.5, 59.5], "2021-01-01"), "1d"
    )
    file = tmp_path / "bars.csv"
    file.write_text(
        "time,open,high,low,close\n2021-01-01,60,61,59,60.5\n2021-01-02,60.5,61,59,59.5\n"
    )
    assert main(["dominance", "import", str(file), "--userdir", str(userdir)]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "2 candles disagree with stored ones, in open, high or low alone" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "BAD"], "line 2: '0.57'"),
        (["import", "missing.csv"], "missing.csv: cannot be read: No such file"),
        (["import", "GOOD", "--column", "btc"], "expected the column 'btc'"),
        (["import", "GOOD", "-c", "missing.json"], 'Config file "missing.json" not found'),
        (["import", "GOOD", "-d", "x", "--userdir", "nowhere"], "Directory `nowhere` does not"),
    ],
)
def test_bad_input_ends_in_a_clear_line_and_writes_nothing(
    userdir: Path,
    csv_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    arguments: list[str],
    message: str,
):
    bad = tmp_path / "bad.csv"
    bad.write_text("date,dominance\n2021-01-01,0.57\n")
    names = {"BAD": str(bad), "GOOD": str(csv_file)}
    arguments = [names.get(argument, argument) for argument in arguments]
    if "--userdir" not in arguments:
        arguments += ["--userdir", str(userdir)]
    assert main(["dominance", *arguments]) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.err.startswith("altseason: ")
    assert "Traceback" not in output.err
    assert output.out == ""
    assert list(userdir.rglob("BTCD*")) == []


def test_without_config_and_datadir_it_does_not_guess(
    csv_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["dominance", "import", str(csv_file)]) == 2
    assert "no configuration found" in capsys.readouterr().err


def test_config_without_an_exchange_is_refused(
    userdir: Path, csv_file: Path, capsys: pytest.CaptureFixture
):
    (userdir / "config.json").write_text("{}")
    assert main(["dominance", "import", str(csv_file), "--userdir", str(userdir)]) == 2
    assert "expected a section 'exchange', found none" in capsys.readouterr().err


def test_status_of_nothing_says_how_to_begin(userdir: Path, capsys: pytest.CaptureFixture):
    assert main(["dominance", "status", "--userdir", str(userdir)]) == 0
    assert "altseason dominance import" in capsys.readouterr().out


def test_status_shows_each_timeframe_with_its_age_and_gate(
    userdir: Path, capsys: pytest.CaptureFixture
):
    store = DominanceStore(userdir / "data" / "kraken")
    today = pd.Timestamp.now(tz="UTC").floor("D")
    this_hour = pd.Timestamp.now(tz="UTC").floor("h")
    days = dominance_candles([50.0] * 10, str(today - pd.Timedelta(days=10)))
    store.append(days.drop(index=[4, 5]).reset_index(drop=True), "1d")
    hours = dominance_candles([54.0] * 4, str(this_hour - pd.Timedelta(hours=9)), "1h")
    store.append(hours, "1h")

    assert main(["dominance", "status", "--json", "--userdir", str(userdir)]) == 0
    report = json.loads(capsys.readouterr().out)
    hourly, daily = report["timeframes"]
    assert (daily["timeframe"], daily["candles"], len(daily["gaps"])) == ("1d", 8, 1)
    assert 0 <= daily["age_hours"] <= 24
    assert (daily["stale"], daily["gate_open"]) == (False, True)
    # The newest hour ended five hours ago, and three are allowed.
    assert (hourly["stale"], hourly["gate_open"], hourly["max_age_hours"]) == (True, False, 3)
    assert report["rule"]["mode"] == "level"

    assert main(["dominance", "status", "--userdir", str(userdir)]) == 0
    output = capsys.readouterr().out
    assert "The gate is open: dominance 50.00 %" in output
    assert "is older than 3 hours." in output.replace("\n    ", " ")
    # The folder has a line of its own, however long it is.
    assert max(map(len, output.splitlines()[2:])) <= 80
    # Each line has one unit, and all lines have the same.
    assert re.findall(r", ([\d.]+) (\w+) old", output) == re.findall(
        r" UTC, ([\d.]+) (\w+) ago", " ".join(output.split())
    )


def test_status_of_a_synthetic_folder_advises_a_rehearsal_and_no_download(
    userdir: Path, capsys: pytest.CaptureFixture
):
    """Its dominance has ended, and a download into it is refused."""
    datadir = userdir / "data" / "kraken"
    DominanceStore(datadir).append(dominance_candles([50.0] * 40, "2021-01-01"), "1d")
    save_marker(datadir, seed=1, version=1)
    assert main(["dominance", "status", "--userdir", str(userdir)]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "is older than" in words
    assert f"sandbox --datadir {datadir} -- freqtrade trade` moves them to now" in words
    assert "dominance download" not in words


def test_status_reads_the_gate_from_the_parameter_file(
    tmp_path: Path, userdir: Path, capsys: pytest.CaptureFixture
):
    (userdir / "strategies").unlink()
    strategies = userdir / "strategies"
    strategies.mkdir()
    source = (STRATEGIES / "AltSeasonStrategy.py").read_text()
    (strategies / "AltSeasonStrategy.py").write_text(source)
    parameters = {"buy": {"gate_mode": "falling", "gate_sma_days": 7}}
    (strategies / "AltSeasonStrategy.json").write_text(
        json.dumps({"strategy_name": "AltSeasonStrategy", "params": parameters})
    )
    assert main(["dominance", "status", "--json", "--userdir", str(userdir)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["rule"]["mode"], report["rule"]["sma_days"]) == ("falling", 7)
    assert report["parameter_file"] == str(strategies / "AltSeasonStrategy.json")
    origins = {value["name"]: value["origin"] for value in report["values"]}
    assert (origins["gate_mode"], origins["gate_band"]) == ("parameter file", "default")


def test_status_says_where_each_value_comes_from_and_warns_where_the_gate_is_off(
    userdir: Path, capsys: pytest.CaptureFixture
):
    (userdir / "strategies").unlink()
    (userdir / "strategies").mkdir()
    write_subclass(userdir / "strategies", "Open", '    buy_params = {"gate_mode": "off"}')
    config = {"exchange": {"name": "kraken"}, "strategy": "Open", "stoploss": -0.08}
    (userdir / "config.json").write_text(json.dumps(config))
    assert main(["dominance", "status", "--userdir", str(userdir)]) == 0
    output = capsys.readouterr().out
    assert "From the config: stoploss = -0.08." in output
    assert "From the strategy's own code: gate_mode = off." in output
    assert "dominance_threshold = 55," in output.split("Defaults: ")[1].replace("\n  ", " ")
    assert output.splitlines()[-1].startswith("WARNING: the gate is off")


COUNTS = '    buy_params = {"gate_mode": "breadth", "breadth_days": 10}'


def test_status_shows_the_coins_that_are_counted_and_the_gate(
    userdir: Path, capsys: pytest.CaptureFixture
):
    (userdir / "strategies").unlink()
    (userdir / "strategies").mkdir()
    write_subclass(userdir / "strategies", "Counts", COUNTS)
    coins = ["AAA", "BBB", "CCC", "DDD", "EEE"]
    exchange = {"name": "kraken", "pair_whitelist": [f"{coin}/EUR" for coin in coins]}
    config = {"exchange": exchange, "strategy": "Counts", "stake_currency": "EUR"}
    (userdir / "config.json").write_text(json.dumps(config))

    def read() -> tuple[str, dict[str, Any]]:
        assert main(["dominance", "status", "--userdir", str(userdir)]) == 0
        text = " ".join(capsys.readouterr().out.split())
        assert main(["dominance", "status", "--json", "--userdir", str(userdir)]) == 0
        return text, json.loads(capsys.readouterr().out)

    text, report = read()
    assert "breadth: 5 coins watched, daily candles of 0 The gate is closed: " in text
    assert "candles of BTC/EUR AAA/EUR BBB/EUR CCC/EUR DDD/EUR EEE/EUR are missing" in text
    assert (report["breadth"]["gate"]["open"], len(report["breadth"]["missing"])) == (False, 5)

    today = pd.Timestamp.now(tz="UTC").floor("D")
    rising = {coin: [10.0] * 20 + [11.0] for coin in coins[:4]}
    store_coins(
        userdir / "data" / "kraken",
        {**rising, "BTC": [50.0] * 21},
        str(today - pd.Timedelta(days=21)),
        quote="EUR",
    )
    text, report = read()
    assert "The gate is open: 4 of 4 coins (100 %) beat Bitcoin over 10 days" in text
    assert text.count("The gate is ") == 1
    assert "daily candles of EEE/EUR are missing; `freqtrade download-data --pairs EEE/EUR" in text
    assert "`altseason why --live` shows its gate." in text
    assert report["breadth"]["missing"] == ["EEE/EUR"]
    assert report["breadth"]["gate"]["breadth"]["measured"] == 4


def test_command_runs_as_a_module_with_nothing_installed(userdir: Path, csv_file: Path):
    """As in Freqtrade's image, with only the strategies folder on PYTHONPATH."""
    environment = {**os.environ, "PYTHONPATH": str(userdir / "strategies")}
    command = [sys.executable, "-m", "altseason", "dominance", "import", str(csv_file)]
    found = subprocess.run(
        command, cwd=userdir.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert (userdir / "data" / "kraken" / "BTCD_USD-1d.feather").is_file()
    assert found.stderr == ""


def test_freqtrade_lists_the_pair(userdir: Path, csv_file: Path):
    main(["dominance", "import", str(csv_file), "--userdir", str(userdir)])
    command = [sys.executable, "-m", "freqtrade", "list-data", "--userdir", str(userdir)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "BTCD/USD" in found.stdout


@pytest.mark.parametrize("place", ["FILE", "--total"])
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("fifo", "expected a file, found a pipe; save it to a file first"),
        ("folder", "expected a file, found a folder"),
        ("device", "expected a file, found a device"),
    ],
)
def test_what_is_no_file_is_refused_in_one_line(
    userdir: Path,
    csv_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    place: str,
    kind: str,
    message: str,
):
    other = tmp_path / "other"
    if kind == "fifo":
        # Nobody writes to it, so opening it would block forever.
        os.mkfifo(other)
    elif kind == "folder":
        other.mkdir()
    else:
        other = Path(os.devnull)
    words = [str(other)] if place == "FILE" else [str(csv_file), "--total", str(other)]
    assert main(["dominance", "import", *words, "--userdir", str(userdir)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"altseason: {other}: {message}"


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="Windows has no /dev/stdin")
@pytest.mark.parametrize("is_pipe", [True, False])
def test_standard_input_is_read_where_it_is_a_file(userdir: Path, csv_file: Path, *, is_pipe: bool):
    words = [sys.executable, "-m", "altseason", "dominance", "import", "/dev/stdin"]
    with csv_file.open() as file:
        found = subprocess.run(
            [*words, "--userdir", str(userdir)],
            env={**os.environ, "PYTHONPATH": str(STRATEGIES)},
            **({"input": csv_file.read_text()} if is_pipe else {"stdin": file}),
            capture_output=True,
            text=True,
            check=False,
        )
    assert found.returncode == (2 if is_pipe else 0), found.stderr
    assert ("found a pipe; save it to a file first" in found.stderr) == is_pipe
