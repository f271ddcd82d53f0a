"""`altseason why`: show which conditions of an entry hold at the newest candle, and the gate."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.data.history import get_datahandler
from freqtrade.exceptions import FreqtradeException
from freqtrade.util import dt_now

from altseason.commands.reporting import add_json_option, print_report
from altseason.commands.running_bot import RunningBot
from altseason.dominance.candles import candle_length
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import AltSeasonError, InputError
from altseason.gate.breadth import NO_COINS
from altseason.gate.explanation import EntryReport, Explanation, explain, gate_of_row
from altseason.gate.pairs import expand_pairs, find_stored_pairs
from altseason.gate.reader import DominanceReader
from altseason.gate.verdict import calculate_verdict
from altseason.host.configuration import (
    Config,
    data_directory,
    data_format,
    load_configuration,
    load_strategy,
    quiet_freqtrade,
)
from altseason.host.strategy_errors import naming_strategy_errors
from altseason.invocation import altseason_command
from altseason.output import tell
from altseason.parser import add_freqtrade_options, format_examples
from altseason.settings import load_settings

DESCRIPTION = """\
Show for each pair of the whitelist which conditions of an entry hold at its newest closed candle,
with the values and limits that are compared; and whether the gate is open, why, and what would
change it. Candles are read from the data directory, as in a backtest; with --live, from the running
bot by its REST API (api_server in the configuration).
"""
# In candles, since one that has just closed might not be downloaded yet.
MAX_CANDLE_AGE = 2


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason why`."""
    parser = commands.add_parser(
        "why",
        parents=[common],
        description=DESCRIPTION,
        epilog=format_examples("why", "why ETH/USDT", "why --live"),
    )
    parser.add_argument(
        "pairs", nargs="*", metavar="PAIR", help="such as ETH/USDT (default: the whitelist)"
    )
    parser.add_argument(
        "--live", action="store_true", help="explain the candles of the running bot"
    )
    parser.add_argument(
        "--url", help="the bot's REST API, with --live (default: by api_server of the config)"
    )
    add_json_option(parser)
    add_freqtrade_options(parser, "strategy", "strategy_path")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain the pairs by stored candles, or by those of the running bot."""
    config = load_configuration(options, only_reads=not options.live)
    explain_pairs = _explain_by_bot if options.live else _explain_by_stored
    print_report(explain_pairs(config, options), options)
    return 0


def _explain_by_stored(config: Config, options: argparse.Namespace) -> EntryReport:
    strategy = load_strategy(config)
    strategy.dp = DataProvider(config, None)
    with quiet_freqtrade():
        strategy.ft_bot_start()
    explanations, missing = [], []
    pairs, whitelist = _find_pairs(config, options.pairs, strategy.timeframe)
    for pair in pairs:
        candles = _load_closed(config, pair, strategy.timeframe)
        if candles.empty:
            missing.append(pair)
            continue
        explanations.append(_analyze(strategy, pair, candles))
    is_all = not explanations
    _report_missing(missing, whitelist, strategy.timeframe, data_directory(config), is_all=is_all)
    dominance = DominanceReader(config, load_settings(config).dominance).read()
    newest = max(one.close_time for one in explanations)
    _report_age(newest, strategy.timeframe, data_directory(config))
    rule, coins = strategy.gate_rule, strategy.alt_season_gate.coins
    verdict = calculate_verdict(
        dominance, rule, newest, coins.read() if rule.has_breadth else NO_COINS
    )
    return EntryReport(verdict, explanations)


def _analyze(strategy: Any, pair: str, candles: pd.DataFrame) -> Explanation:
    """Analyze candles as Freqtrade does, and explain the newest one.

    :raises InputError: for an error of the strategy, or something else than it has to return.
    """
    what = f"Analyzing {pair}"
    try:
        with naming_strategy_errors(what):
            analyzed = strategy.advise_indicators(candles, {"pair": pair})
            analyzed = strategy.ft_advise_signals(analyzed, {"pair": pair})
            return explain(strategy, pair, analyzed)
    except (AltSeasonError, FreqtradeException):
        raise
    except Exception as error:  # what a strategy returns may fail in any way
        raise InputError(
            f"{what} failed with {error!r}: expected that every populate_* method of "
            f"{strategy.get_strategy_name()} returns candles, and entry_conditions conditions"
        ) from error


def _explain_by_bot(config: Config, options: argparse.Namespace) -> EntryReport:
    bot = RunningBot(config, options.url)
    strategy = load_strategy({**config, "strategy": options.strategy or bot.strategy})
    explanations, verdict = [], None
    whitelist = bot.fetch_whitelist()
    _refuse_misspelt(options.pairs, whitelist)
    for pair in options.pairs or whitelist:
        candles = bot.fetch_candles(pair, strategy.timeframe)
        if candles.empty:
            reason = "" if pair in whitelist else f"; its whitelist is {', '.join(whitelist)}"
            tell(f"{pair}: the bot has no analyzed candles{reason}")
            continue
        try:
            explained = explain(strategy, pair, candles)
            verdict = gate_of_row(
                candles.iloc[-1],
                strategy.gate_rule,
                load_settings(config).dominance,
                explained.close_time,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{bot.url}: expected candles analyzed by {strategy.get_strategy_name()}, found "
                f"others ({type(error).__name__}: {error}); name the bot's strategy with --strategy"
            ) from error
        explanations.append(explained)
    if verdict is None:
        raise InputError("expected analyzed candles from the bot, found none")
    return EntryReport(verdict, explanations)


def _find_pairs(config: Config, named: list[str], timeframe: str) -> tuple[list[str], list[str]]:
    """Return the pairs to explain, and the whitelist."""
    if not all(name.strip() for name in named):
        raise InputError("expected pairs as BASE/QUOTE, found an empty name")
    listed = config["exchange"].get("pair_whitelist") or []
    if not named and not listed:
        raise InputError(
            "expected pairs, found none in pair_whitelist of the configuration; name them, or "
            "read those of the running bot with --live"
        )
    stored = find_stored_pairs(config, timeframe)
    if not (isinstance(listed, list) and all(isinstance(pair, str) for pair in listed)):
        # Freqtrade takes it from `pairs` of the configuration, which its schema does not check.
        raise InputError("pairs: expected an array of strings in the configuration")
    whitelist = expand_pairs(listed, stored)
    _refuse_misspelt(named, [*stored, *whitelist])
    return (expand_pairs(named, stored) if named else whitelist), whitelist


def _refuse_misspelt(named: list[str], known: list[str]) -> None:
    """Refuse the name of a known pair in another spelling.

    :raises InputError: in a line that suggests the right spelling.
    """
    spelt = {_letters(pair): pair for pair in known}
    for name in named:
        meant = spelt.get(_letters(name), name)
        if name not in known and meant != name:
            raise InputError(
                f"expected a pair as BASE/QUOTE, found {name}; "
                f"did you mean `{altseason_command(f'why {meant}')}`?"
            )


def _letters(pair: str) -> str:
    return "".join(filter(str.isalnum, pair)).upper()


def _report_missing(
    pairs: list[str], whitelist: list[str], timeframe: str, datadir: Path, *, is_all: bool
) -> None:
    """Print which pairs have no candles, and which command downloads them.

    :raises InputError: if no pair has any, or a name is not that of a pair.
    """
    if not pairs:
        return
    unknown = [pair for pair in pairs if pair not in whitelist]
    known = f"not in the whitelist: {', '.join(sorted(whitelist)) or 'it is empty'}"
    if no_pairs := [pair for pair in unknown if "/" not in pair]:
        raise InputError(f"expected pairs as ETH/USDT, found {' '.join(no_pairs)}, {known}")
    names = " ".join(pairs)
    line = (
        f"{datadir}: expected {timeframe} candles of {names}, found none; "
        f"`freqtrade download-data --pairs {names} --timeframes {timeframe}` stores them "
        "(with the same -c or --datadir)"
    )
    if unknown:
        line += f"; {' '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} {known}"
    if is_all:
        raise InputError(line)
    tell(line)


def _report_age(newest: pd.Timestamp, timeframe: str, datadir: Path) -> None:
    """Print when the stored candles ended, if that was long ago."""
    age = dt_now() - newest
    if age > MAX_CANDLE_AGE * candle_length(timeframe):
        # There are no newer candles of a synthetic market.
        advice = (
            "" if is_synthetic(datadir) else " `freqtrade download-data` fetches newer candles."
        )
        tell(
            f"The newest stored candles ended at {newest:%Y-%m-%d %H:%M} UTC: this shows the gate "
            f"and the conditions at that time.{advice}"
        )


def _load_closed(config: Config, pair: str, timeframe: str) -> pd.DataFrame:
    # Not load_pair_history, which warns for each pair of what we report in one line.
    handler = get_datahandler(data_directory(config), data_format(config))
    candles = handler.ohlcv_load(pair, timeframe, config["candle_type_def"], warn_no_data=False)
    if candles.empty:
        return candles
    return candles[candles["date"] + candle_length(timeframe) <= dt_now()].reset_index(drop=True)
