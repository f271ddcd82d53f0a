"""A rehearsal of `freqtrade trade`: its market, and the settings that isolate it.

It does not use the user's trades, log file, chats, keys and candles, only the API server, so that
FreqUI shows the bot.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqtrade.plugins.pairlist.pairlist_helpers import expand_pairlist

from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import carry_marker
from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason_lab.emulator.dominance import ReplayedDominance, load_dominance
from altseason_lab.emulator.live import LiveMarket, plan_shift, stored_span
from altseason_lab.emulator.market import DAY_IN_MS, Market, Symbol
from altseason_lab.emulator.providers import provider_urls


@dataclass(frozen=True)
class Rehearsal:
    """The markets of a rehearsal.

    :param symbols: the markets that the bot can trade.
    :param shift: by how much the stored times are moved, in milliseconds.
    """

    source: Market
    symbols: list[Symbol]
    shift: int
    market: LiveMarket
    dominance: ReplayedDominance

    def save_datadir(self, folder: Path, stored_as: str, now: int) -> None:
        """Write the data directory that the bot would have now: with the marker and dominance.

        :param stored_as: the format of candle files, as `dataformat_ohlcv` names it.
        :param now: in milliseconds.
        """
        folder.mkdir(parents=True)
        carry_marker(self.source.datadir, folder)
        self.dominance.save_until(now, DominanceStore(folder, stored_as))

    def describe(self) -> str:
        """Describe the rehearsal for the user."""
        intervals = {name for symbol in self.symbols for name in self.source.intervals(symbol)}
        pairs = ", ".join(symbol.pair for symbol in self.symbols)
        return (
            f"altseason sandbox: a dry-run rehearsal of trading {pairs}; the candles "
            f"({', '.join(sorted(intervals))}) are moved by {self.shift // DAY_IN_MS} days so "
            "that they end now, and what the bot stores is deleted at the end; Ctrl-C ends it"
        )


def plan_rehearsal(market: Market, config: Config, now: int) -> Rehearsal:
    """Move a stored market and its dominance in time, so that the bot can trade on it from now on.

    :param config: of the command.
    :param now: in milliseconds.
    :raises InputError: where none of the bot's pairs has candles, or too few of them.
    """
    symbols = find_traded(market, config)
    first, end = stored_span(market, symbols)
    stored = load_dominance(market.datadir, market.data_format, 0)
    if (last := stored.end) is not None and last > first:
        # Without dominance the gate is closed.
        end = min(end, last)
    shift = plan_shift(first, end, now)
    dominance = load_dominance(market.datadir, market.data_format, shift)
    return Rehearsal(market, symbols, shift, LiveMarket(market, shift), dominance)


def find_traded(market: Market, config: Config) -> list[Symbol]:
    """Return the markets that the bot can trade: those in the whitelist, or all without one.

    :raises InputError: where there is none, or the whitelist has an invalid pattern.
    """
    methods = [handler.get("method") for handler in config.get("pairlists") or []]
    symbols = list(market.symbols.values())
    if methods and "StaticPairList" not in methods:
        return symbols
    whitelist = config["exchange"]["pair_whitelist"]
    try:
        listed = expand_pairlist(whitelist, [symbol.pair for symbol in symbols])
    except ValueError as error:
        # An entry is no regular expression.
        raise InputError(f"exchange.pair_whitelist: {error}") from error
    found = [symbol for symbol in symbols if symbol.pair in listed]
    if not found:
        raise InputError(
            f"{market.datadir}: expected candles of a pair of the whitelist "
            f"({', '.join(whitelist) or 'which is empty'}), "
            f"found {', '.join(symbol.pair for symbol in symbols)}"
        )
    return found


def trading_settings(config: Config, url: str, folder: Path) -> dict[str, Any]:
    """Return the settings that override the user's, except those of the exchange.

    :param config: of the command without the emulator.
    :param url: the emulator's.
    :param folder: where the bot keeps its trades.
    """
    settings: dict[str, Any] = {
        "dry_run": True,
        "db_url": f"sqlite:///{folder}/trades.sqlite",
        "logfile": "",
        # Its rates would come from the real CoinGecko.
        "fiat_display_currency": "",
        "altseason": {"dominance": {"urls": provider_urls(url)}},
    }
    if "external_message_consumer" in config:
        settings["external_message_consumer"] = {"enabled": False}
    return settings
