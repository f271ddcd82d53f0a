"""The daily candles of coins: stored ones in full, a bot's from a real exchange object."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.exchange import Exchange
from freqtrade.resolvers import ExchangeResolver
from freqtrade.strategy import IStrategy
from freqtrade.util import dt_now

from altseason.dominance.store import DominanceStore
from altseason.errors import CandlesMissingError
from altseason.gate.breadth import calculate_breadth
from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import exchange_settings
from tests.conftest import coin_candles, dominance_candles
from tests.gate.coin_days import store_coins
from tests.lab.emulator.serving import serving

Load = Callable[..., IStrategy]
COINS = ["AAA", "BBB", "CCC", "DDD"]
PAIRS = [f"{coin}/USDT" for coin in COINS]
PAIR = {"pair": "AAA/USDT"}
START, DAYS = "2021-01-01", 60
# From the 31st day on three of them rise, and Bitcoin and the fourth stand still.
RISING = [*[10.0] * 30, *[11.0 + day for day in range(30)]]
CLOSES = {"BTC": [50.0] * DAYS, "DDD": [10.0] * DAYS, **dict.fromkeys(COINS[:3], RISING)}


@pytest.fixture
def load(load_strategy: Load) -> Load:
    """Load the default strategy with breadth over ten days."""

    def load(mode: str = "breadth", coins: list[str] | None = None, **config: Any) -> IStrategy:
        section = {"dominance": {"record": False}, "breadth": {"coins": coins or []}}
        defaults = {"exchange": {"name": "binance", "pair_whitelist": PAIRS}, "altseason": section}
        parameters = {"gate_mode": mode, "breadth_days": 10}
        return load_strategy(parameters, **{"stake_currency": "USDT", **defaults, **config})

    return load


def analyze(strategy: IStrategy) -> pd.DataFrame:
    candles = coin_candles(24 * 30, start="2021-01-20")
    dataframe = strategy.advise_indicators(candles, PAIR)
    return strategy.ft_advise_signals(dataframe, PAIR).set_index("date")


def test_backtest_without_dominance_is_gated_by_stored_candles(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    # Neither the time range nor fewer startup candles than days of breadth matter.
    opened = analyze(load(timerange="20210128-20210210", startup_candle_count=1))["alt_season"]
    # The 31st day ends with the last hour of January.
    assert opened.idxmax() == pd.Timestamp("2021-01-31 23:00", tz="UTC")
    # Ten days after the last rise, but one: it is known for one day, and the last day is the 60th.
    assert opened.index[opened][-1] == pd.Timestamp("2021-02-18 23:00", tz="UTC")


def test_coins_of_the_settings_are_watched_instead_of_the_whitelist(load: Load, tmp_path: Path):
    store_coins(tmp_path, {**CLOSES, "EEE": RISING}, START)
    strategy = load(coins=["eee", *COINS[:3], "EEE"])
    # All four of them rise; with DDD of the whitelist it would be 75 %.
    assert analyze(strategy)["breadth"].max() == 100
    assert strategy.alt_season_gate.coins.read().watched == (
        "EEE/USDT",
        "AAA/USDT",
        "BBB/USDT",
        "CCC/USDT",
    )


@pytest.mark.parametrize("coin", ["BTC", "WBTC", "USDC", "PAXG"])
def test_coin_that_is_no_altcoin_is_refused(load: Load, coin: str):
    with pytest.raises(
        OperationalException, match=f"altseason.breadth.coins: expected altcoins, found {coin}: "
    ):
        load(coins=[*COINS, coin])


def test_whitelist_is_watched_without_what_is_no_altcoin(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    whitelist = ["BTC/USDT", "USDC/USDT", *PAIRS, "PAXG/USDT"]
    strategy = load(exchange={"name": "binance", "pair_whitelist": whitelist})
    assert strategy.alt_season_gate.coins.read().watched == tuple(PAIRS)


def test_dominance_is_no_coin_of_a_whitelist_of_regular_expressions(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START, quote="USD")
    DominanceStore(tmp_path).append(dominance_candles([50.0] * DAYS, START), "1d")
    exchange = {"name": "kraken", "pair_whitelist": [".*/USD"]}
    strategy = load(exchange=exchange, stake_currency="USD")
    watched = strategy.alt_season_gate.coins.read().watched
    assert sorted(watched) == [f"{coin}/USD" for coin in COINS]


def test_backtest_names_the_candles_that_are_missing_and_the_command(load: Load, tmp_path: Path):
    store_coins(tmp_path, {coin: CLOSES[coin] for coin in ("BTC", "AAA", "CCC")}, START)
    with pytest.raises(CandlesMissingError) as refused:
        analyze(load())
    assert "daily candles of BBB/USDT DDD/USDT are missing; `freqtrade download-data --pairs " in (
        str(refused.value)
    )
    assert "--timeframes 1d --timerange 20170101-`" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_backtest_without_bitcoin_names_it(load: Load, tmp_path: Path):
    store_coins(tmp_path, {coin: CLOSES[coin] for coin in COINS}, START)
    with pytest.raises(CandlesMissingError, match="daily candles of BTC/USDT are missing"):
        analyze(load())


def test_backtest_with_too_few_coins_says_where_to_name_more(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    with pytest.raises(CandlesMissingError, match=r"found 3 \(AAA/USDT .*altseason.breadth.coins"):
        analyze(load(exchange={"name": "binance", "pair_whitelist": PAIRS[:3]}))


def test_backtest_goes_on_without_some_of_many_coins(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    assert analyze(load(coins=[*COINS, "EEE"]))["alt_season"].any()


def test_damaged_file_is_missing_as_it_is_for_freqtrade(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    (tmp_path / "BBB_USDT-1d.feather").write_bytes(b"nothing")
    with pytest.raises(CandlesMissingError, match="daily candles of BBB/USDT are missing"):
        analyze(load())


def test_candles_are_read_once_for_all_pairs_and_epochs(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    strategy = load()
    before = analyze(strategy)
    read = strategy.alt_season_gate.coins.read()
    for file in tmp_path.glob("*-1d.feather"):
        file.unlink()
    # As in a worker of hyperopt, which has a copy.
    strategy = copy.deepcopy(strategy)
    strategy.breadth_min.value = 76
    assert not analyze(strategy)["alt_season"].any()
    strategy.breadth_min.value = 75
    pd.testing.assert_frame_equal(analyze(strategy), before)
    assert len(read.watched) == 4


def test_dominance_is_needed_where_the_rule_reads_it(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    with pytest.raises(OperationalException, match="no dominance is stored"):
        analyze(load("breadth_and_falling"))


def test_digest_changes_with_the_candles_of_a_coin(load: Load, tmp_path: Path):
    store_coins(tmp_path, CLOSES, START)
    digests = [load().config["altseason_digest"]]
    store_coins(tmp_path, {"BBB": [*RISING[:-1], 1.0]}, START)
    digests.append(load().config["altseason_digest"])
    assert len(set(digests)) == 2


class Bot:
    """A strategy as `freqtrade trade` has it, with a real exchange object and its candles."""

    def __init__(self, strategy: IStrategy, exchange: Exchange) -> None:
        self.strategy = strategy
        self.pairlist = SimpleNamespace(whitelist=list(PAIRS))
        strategy.dp = DataProvider(strategy.config, exchange, self.pairlist)

    def loop(self) -> list[str]:
        """Do what a loop of the bot does before it enters; return its notifications."""
        informative = self.strategy.gather_informative_pairs()
        self.strategy.dp.refresh([], informative)
        self.strategy.bot_loop_start(current_time=dt_now())
        told = list(self.strategy.dp._msg_queue)
        self.strategy.dp._msg_queue.clear()
        return told

    def is_open(self) -> bool:
        return bool(self.strategy.alt_season_gate.columns.is_open(dt_now()))


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """The emulator's exchange, with daily candles up to today, and a coin that was listed late."""
    start = f"{dt_now() - pd.Timedelta(days=DAYS):%Y-%m-%d}"
    late = [*[None] * (DAYS - 5), *RISING[-5:]]
    store_coins(tmp_path, {**CLOSES, "EEE": RISING, "NEW": late}, start)
    with serving(Market(tmp_path), lambda: int(dt_now().timestamp() * 1000)) as url:
        config = {
            "exchange": exchange_settings(url),
            "dry_run": True,
            "stake_currency": "USDT",
            "candle_type_def": CandleType.SPOT,
            "runmode": RunMode.DRY_RUN,
        }
        exchange = ExchangeResolver.load_exchange(config, validate=False)
        yield exchange
        exchange.close()


@pytest.fixture
def bot(load: Load, exchange: Exchange) -> Bot:
    return Bot(load(runmode=RunMode.DRY_RUN, candle_type_def=CandleType.SPOT), exchange)


def test_bot_asks_freqtrade_for_the_candles_and_is_open_by_them(bot: Bot):
    day = CandleType.SPOT
    assert set(bot.strategy.gather_informative_pairs()) == {
        (pair, "1d", day) for pair in ("BTC/USDT", *PAIRS)
    }
    told = bot.loop()
    assert bot.is_open()
    assert any("3 of 4 coins (75 %) beat Bitcoin over 10 days" in text for text in told)
    assert bot.loop() == []


def test_pairs_come_and_go(bot: Bot):
    bot.loop()
    first = bot.strategy.alt_season_gate.coins.read()
    assert bot.strategy.alt_season_gate.coins.read() is first
    bot.pairlist.whitelist = ["NEW/USDT", "EEE/USDT", *PAIRS[1:]]
    bot.loop()
    second = bot.strategy.alt_season_gate.coins.read()
    assert second.watched == ("NEW/USDT", "EEE/USDT", *PAIRS[1:])
    # The new one has too little history.
    assert calculate_breadth(second, 10).measured[-1] == 4
    assert bot.is_open()
    bot.pairlist.whitelist = PAIRS[:2]
    [told] = bot.loop()
    assert told.startswith(
        "Breadth is unknown: 4 coins or more have to be watched, and there are 2."
    )
    assert not bot.is_open()
    bot.pairlist.whitelist = list(PAIRS)
    [told] = bot.loop()
    assert told.startswith("Breadth is fresh again: 75 % of 4 coins.")
    assert bot.is_open()


def test_pair_without_a_market_is_not_asked_for(bot: Bot):
    bot.pairlist.whitelist = [*PAIRS, "NONE/USDT"]
    bot.loop()
    assert "NONE/USDT" not in {pair for pair, *_ in bot.strategy.gather_informative_pairs()}
    assert bot.is_open()


def test_more_days_than_the_exchange_gives_close_the_gate_and_say_so(bot: Bot):
    bot.strategy.breadth_days.value = 70
    told = bot.loop()
    assert not bot.is_open()
    assert any(f"71 days, and the longest history has {DAYS}" in text for text in told)


def test_error_closes_the_gate_is_notified_once_and_stops_no_exit(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any, **__: Any) -> pd.DataFrame:
        raise ValueError("broken")

    bot.loop()
    monkeypatch.setattr(bot.strategy.dp, "ohlcv", fail)
    [told] = bot.loop()
    assert "the daily candles of coins cannot be read: ValueError (broken)" in told
    assert bot.loop() == []
    analyzed = analyze(bot.strategy)
    assert analyzed["enter_long"].sum() == 0
    assert analyzed["exit_long"].sum() > 0
    monkeypatch.undo()
    [told] = bot.loop()
    assert told.startswith("Breadth is fresh again")


def test_candles_that_cannot_be_named_end_no_bot(bot: Bot, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(bot.strategy.dp, "market", fail)
    assert bot.strategy.gather_informative_pairs() == []
