"""Set up a benchmark: its own data directory, user data and configuration."""

import json
import os
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason.cli import main as altseason
from altseason.gate.pairs import never_entered_because
from altseason.with_risk import build_protections
from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import exchange_settings
from AltSeasonStrategy import AltSeasonStrategy

ROOT = Path(__file__).parent.parent
STRATEGIES = ROOT / "user_data" / "strategies"
BENCH_STRATEGIES = Path(__file__).parent / "strategies"
REAL_DATA = Path(os.environ.get("ALTSEASON_REAL_DATA", ROOT.parent / "shared" / "data"))
DOMINANCE_FILE = "btc_dominance_daily.csv"
# Freqtrade takes these from the strategy unless they are configured; so they are equal for both.
SHARED_SETTINGS = (
    "timeframe",
    "startup_candle_count",
    "process_only_new_candles",
    "minimal_roi",
    "stoploss",
    "trailing_stop",
    "use_exit_signal",
)
# The twin has no sizing and no stops of its own, but both must make the same trades. So each stake
# is such a small part of the wallet that the rules, although called each time, never lower or trim
# one, and the trailing stop, although moved each time, stays below the fixed one.
WALLET = 100_000
GATED = ("AltSeasonStrategy", "SignalRecorder")
BREADTH = {"gate_mode": "breadth_and_falling", "breadth_min": 50}
# How a daily candle is made from hourly ones.
DAY = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
ALL_ON = {
    "atr_trailing": True,
    "atr_multiple": 30.0,
    "regime_exit": True,
    "rebalancing": True,
    "protections": True,
}


@dataclass(frozen=True)
class Workplace:
    """The folders of a benchmark; everything that it writes is below `folder`."""

    folder: Path
    is_synthetic: bool

    @property
    def datadir(self) -> Path:
        """Return the folder of candles and dominance, real or synthetic."""
        return self.folder / "data" / ("synthetic" if self.is_synthetic else "binance")

    @property
    def user_data(self) -> Path:
        """Return Freqtrade's user directory, with the strategies."""
        return self.folder / "user_data"

    @property
    def signals(self) -> Path:
        """Return the folder of the files that the twin reads, one per pair."""
        return self.folder / "signals"

    @property
    def config(self) -> Path:
        """Return Freqtrade's configuration file."""
        return self.folder / "config.json"

    @property
    def timerange(self) -> str:
        """Return the default time range: the last three years of the candles."""
        return "20220101-20250101" if self.is_synthetic else "20190101-20220101"


def find(folder: Path) -> Workplace:
    """Return the folders of a benchmark that was set up before."""
    return Workplace(folder.resolve(), is_synthetic=not (REAL_DATA / DOMINANCE_FILE).is_file())


def prepare(folder: Path) -> Workplace:
    """Set up a benchmark on real data, or on the sample market where there are none."""
    workplace = find(folder)
    for part in (workplace.datadir, workplace.signals, workplace.user_data / "strategies"):
        part.mkdir(parents=True, exist_ok=True)
    # Links, without parameter files: a user's tuned values are not measured.
    sources = [STRATEGIES / "AltSeasonStrategy.py", STRATEGIES / "altseason"]
    for file in (*sources, *BENCH_STRATEGIES.glob("*.py")):
        link(workplace.user_data / "strategies" / file.name, file)
    if workplace.is_synthetic:
        run_altseason(workplace, "sample")
    else:
        for file in (REAL_DATA / "binance").resolve().glob("*_USDT-1h.feather"):
            link(workplace.datadir / file.name, file)
        run_altseason(workplace, "dominance", "import", str((REAL_DATA / DOMINANCE_FILE).resolve()))
    return workplace


def link(path: Path, target: Path) -> None:
    """Create a symbolic link, replacing an earlier one but nothing else."""
    if path.is_symlink():
        path.unlink()
    path.symlink_to(target)


def run_altseason(workplace: Workplace, *words: str) -> None:
    """Run one of our commands on the data directory, in a folder without configuration."""
    log = workplace.folder / f"altseason-{words[0]}.log"
    with log.open("w", encoding="utf-8") as out, redirect_stdout(out), chdir(workplace.folder):
        code = altseason([*words, "--datadir", str(workplace.datadir)])
    if code:
        raise SystemExit(f"`altseason {words[0]}` failed")


def choose_gate(workplace: Workplace, *, has_breadth: bool) -> None:
    """Gate by dominance, which is the default, or by breadth and falling dominance."""
    for name in GATED:
        file = workplace.user_data / "strategies" / f"{name}.json"
        file.unlink(missing_ok=True)
        if has_breadth:
            content = {"strategy_name": name, "params": {"buy": BREADTH}}
            file.write_text(json.dumps(content), encoding="utf-8")
    if not has_breadth:
        return
    handler = get_datahandler(workplace.datadir, "feather")
    for stored in workplace.datadir.glob("*_USDT-1h.feather"):
        pair = stored.name.replace("_USDT-1h.feather", "/USDT")
        hours = handler.ohlcv_load(pair, "1h", CandleType.SPOT)
        days = hours.resample("1D", on="date").agg(DAY).reset_index()
        handler.ohlcv_store(pair, "1d", days, CandleType.SPOT)


def list_altcoins(market: Market) -> list[str]:
    """Return the pairs that are traded."""
    pairs = [symbol.pair for symbol in market.symbols.values()]
    return [pair for pair in pairs if never_entered_because(pair) is None]


def list_protections() -> list[dict[str, Any]]:
    """Return the strategy's protections with the default values of its parameters."""
    parameters = ("cooldown_candles", "stops_allowed", "drawdown_allowed")
    return build_protections(*(getattr(AltSeasonStrategy, name).value for name in parameters))


def write_config(workplace: Workplace, pairs: list[str], url: str, *, all_on: bool) -> None:
    """Write the configuration that the strategy and its twin share.

    :param url: the exchange emulator's.
    :param all_on: whether all risk rules are on, not only the defaults.
    """
    config: dict[str, Any] = {
        **{name: getattr(AltSeasonStrategy, name) for name in SHARED_SETTINGS},
        "dry_run": True,
        "dry_run_wallet": WALLET,
        "stake_currency": "USDT",
        "stake_amount": WALLET / 1000,
        "max_open_trades": len(pairs),
        "fee": 0.001,
        "entry_pricing": {"price_side": "same"},
        "exit_pricing": {"price_side": "same"},
        "exchange": {**exchange_settings(url), "pair_whitelist": pairs},
        "pairlists": [{"method": "StaticPairList"}],
        "altseason": {"risk": ALL_ON if all_on else {}},
        "bench_signals": str(workplace.signals),
        "bench_protections": list_protections() if all_on else [],
    }
    workplace.config.write_text(json.dumps(config, indent=2), encoding="utf-8")
