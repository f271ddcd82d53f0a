"""Draw README's picture: a few months of the sample, with the signals and the gate.

Run it as `python scripts/picture.py`; it writes docs/sample.svg. The market is made up, the same on
every machine; what is drawn comes from the strategy itself, by Freqtrade's own calls.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from freqtrade.data.history import load_pair_history
from freqtrade.enums import RunMode
from freqtrade.resolvers import StrategyResolver

from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market
from altseason_lab.stress.axes import Axis, find_ticks
from altseason_lab.stress.svg import Drawing, save_drawing

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "sample.svg"
PAIR = "ETH/USDT"
FIRST, LAST = pd.Timestamp("2022-08-25", tz="UTC"), pd.Timestamp("2022-11-15", tz="UTC")
WARM_UP = pd.Timedelta(hours=400)
HOUR = pd.Timedelta(hours=1)

WIDTH, HEIGHT, LEFT, RIGHT = 960, 560, 70, 930
PRICE_TOP, PRICE_BOTTOM, SHARE_TOP, SHARE_BOTTOM = 88, 350, 400, 510
ASIDE = 14
INK, FAINT, GRID, SEASON = "#222222", "#555555", "#e3e3e3", "#d9f2e3"
PRICE, ENTRY, EXIT, DOMINANCE, LIMIT = "#555555", "#0072b2", "#d55e00", "#8e44ad", "#222222"


def main() -> int:
    """Write the picture."""
    save_drawing(draw(analyse()), PICTURE)
    return 0


def analyse() -> pd.DataFrame:
    """Return the window's candles with everything that the strategy says of them."""
    with TemporaryDirectory() as folder:
        save_market(generate_market(), Path(folder))
        strategy = StrategyResolver.load_strategy(
            {
                "strategy": "AltSeasonStrategy",
                "strategy_path": str(ROOT / "user_data" / "strategies"),
                "user_data_dir": Path(folder),
                "datadir": Path(folder),
                "runmode": RunMode.BACKTEST,
                "stake_currency": "USDT",
                "dataformat_ohlcv": "feather",
            }
        )
        candles = load_pair_history(PAIR, "1h", Path(folder))
        candles = candles[candles["date"].between(FIRST - WARM_UP, LAST - HOUR)]
        analysed = strategy.analyze_ticker(candles.reset_index(drop=True), {"pair": PAIR})
    return analysed[analysed["date"] >= FIRST].reset_index(drop=True)


def find_trades(candles: pd.DataFrame) -> tuple[list[int], list[int]]:
    """Return the rows of the signals that a trade would begin and end by, one trade at a time."""
    entries: list[int] = []
    exits: list[int] = []
    has_exit = candles["exit_tag"].ne("") & candles["exit_tag"].notna()
    pairs = zip(candles["enter_long"].eq(1), has_exit, strict=True)
    for row, (enters, leaves) in enumerate(pairs):
        is_flat = len(entries) == len(exits)
        if is_flat and enters and not leaves:
            entries.append(row)
        elif not is_flat and leaves:
            exits.append(row)
    return entries, exits


def draw(candles: pd.DataFrame) -> Drawing:
    """Draw price with signals above dominance with the line that decides; seasons are shaded."""
    entries, exits = find_trades(candles)
    title = "When AltSeasonStrategy enters"
    words = (
        f"{PAIR} of the synthetic sample market from {FIRST:%Y-%m-%d} to {LAST:%Y-%m-%d}, with "
        f"{len(entries)} signals to enter and {len(exits)} to exit. Below it Bitcoin's dominance "
        "with the threshold of 55 %. Where dominance is below it, alt season is shaded; every "
        "entry lies there."
    )
    drawing = Drawing(WIDTH, HEIGHT, title, words)
    drawing.text(title, (LEFT, 34), 20, fill=INK, font_weight="bold")
    subtitle = f"{PAIR} of the SYNTHETIC sample, by its default rules: prices drawn at random"
    drawing.text(subtitle, (LEFT, 56), 13, fill=FAINT)
    times = Axis([0.0, float(len(candles))], LEFT, RIGHT)
    shade(drawing, candles, times)
    closes, shares = candles["close"], candles["BTC.D %"]
    prices = Axis(find_ticks(closes.min(), closes.max(), 7), PRICE_BOTTOM, PRICE_TOP)
    percents = Axis(find_ticks(shares.min(), shares.max(), 5), SHARE_BOTTOM, SHARE_TOP)
    for axis in (prices, percents):
        draw_grid(drawing, axis)
    draw_days(drawing, candles, times)
    drawing.text("price, USDT", (LEFT, PRICE_TOP - 10), 12, fill=FAINT)
    for values, axis, color in ((closes, prices, PRICE), (shares, percents, DOMINANCE)):
        points = [(times.place(row + 1), axis.place(value)) for row, value in enumerate(values)]
        drawing.curve(points, stroke=color, stroke_width=1.5, stroke_linejoin="round")
    limit = percents.place(candles["opens below %"].iloc[-1])
    drawing.line((LEFT, limit), (RIGHT, limit), stroke=LIMIT, stroke_dasharray="7 4")
    for rows, color, points_up in ((entries, ENTRY, True), (exits, EXIT, False)):
        for row in rows:
            # Beside the line, so that an entry and the exit after it do not hide each other.
            y = prices.place(closes[row]) + (ASIDE if points_up else -ASIDE)
            place = (times.place(row + 1), y)
            drawing.triangle(place, 6, points_up=points_up, fill=color, stroke="#ffffff")
    draw_legend(drawing)
    return drawing


def shade(drawing: Drawing, candles: pd.DataFrame, times: Axis) -> None:
    """Shade the stretches in which the gate is open."""
    is_open = candles["alt_season"].astype(bool)
    starts = candles.index[is_open & ~is_open.shift(1, fill_value=False)]
    lasts = candles.index[is_open & ~is_open.shift(-1, fill_value=False)]
    for first, last in zip(starts, lasts, strict=True):
        begin, end = times.place(float(first)), times.place(float(last + 1))
        for top, bottom in ((PRICE_TOP, PRICE_BOTTOM), (SHARE_TOP, SHARE_BOTTOM)):
            drawing.box((begin, top), (end, bottom), fill=SEASON)


def draw_grid(drawing: Drawing, axis: Axis) -> None:
    """Draw a line for each round value."""
    for tick in axis.ticks:
        y = axis.place(tick)
        drawing.line((LEFT, y), (RIGHT, y), stroke=GRID)
        drawing.text(axis.label(tick), (LEFT - 8, y + 4), 12, fill=INK, text_anchor="end")


def draw_days(drawing: Drawing, candles: pd.DataFrame, times: Axis) -> None:
    """Write the Mondays of every second week below."""
    is_midnight = candles["date"].dt.hour.eq(0) & candles["date"].dt.day_of_week.eq(0)
    for row in candles.index[is_midnight][::2]:
        x = times.place(float(row))
        drawing.line((x, SHARE_BOTTOM), (x, SHARE_BOTTOM + 5), stroke=INK)
        label = f"{candles['date'][row]:%Y-%m-%d}"
        drawing.text(label, (x, SHARE_BOTTOM + 20), 12, fill=INK, text_anchor="middle")


def draw_legend(drawing: Drawing) -> None:
    """Say what the marks and lines are."""
    y = PRICE_TOP - 14
    drawing.triangle((LEFT + 190, y), 7, points_up=True, fill=ENTRY)
    drawing.text("signal to enter", (LEFT + 202, y + 4), 12, fill=INK)
    drawing.triangle((LEFT + 330, y), 7, points_up=False, fill=EXIT)
    drawing.text("signal to exit", (LEFT + 342, y + 4), 12, fill=INK)
    drawing.box((LEFT + 455, y - 6), (LEFT + 479, y + 6), fill=SEASON)
    drawing.text("alt season", (LEFT + 487, y + 4), 12, fill=INK)
    y = SHARE_TOP - 14
    drawing.text("Bitcoin's dominance, %", (LEFT, y + 4), 12, fill=DOMINANCE)
    drawing.line((LEFT + 190, y), (LEFT + 230, y), stroke=LIMIT, stroke_dasharray="7 4")
    drawing.text("the threshold: below it is alt season", (LEFT + 240, y + 4), 12, fill=INK)


if __name__ == "__main__":
    sys.exit(main())
