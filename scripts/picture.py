"""Draw the picture in the README: a few months of the sample, with the signals and the gate.

Run it as `python scripts/picture.py`; it writes docs/sample.svg with kaleido and an installed
Chrome or Chromium. The market is synthetic, and the same on every machine; the signals are those of
the strategy itself, called by Freqtrade.
"""

import hashlib
import json
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import plotly.graph_objects as go
from freqtrade.data.history import load_pair_history
from freqtrade.enums import RunMode
from freqtrade.resolvers import StrategyResolver

from altseason_lab.charts import build_figure
from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "sample.svg"
PAIR = "ETH/USDT"
FIRST, LAST = pd.Timestamp("2022-08-25", tz="UTC"), pd.Timestamp("2022-11-15", tz="UTC")
WARM_UP = pd.Timedelta(hours=400)
HOUR = pd.Timedelta(hours=1)

WIDTH, HEIGHT = 960, 560
TITLE = "When AltSeasonStrategy enters"
SUBTITLE = f"{PAIR} of the SYNTHETIC sample, by its default rules: prices drawn at random"
FONT = "Verdana, DejaVu Sans, Helvetica, Arial, sans-serif"
SEASON, PRICE, DOMINANCE, INK = "#d9f2e3", "#555555", "#8e44ad", "#222222"
ENTRY, EXIT = "#0072b2", "#d55e00"
# In milliseconds, as plotly counts time.
FORTNIGHT = 14 * 24 * 60 * 60 * 1000
# Markers are drawn next to the line, so that an entry and the exit after it do not overlap.
ASIDE = 0.02


def main() -> int:
    """Write the picture."""
    candles = analyze()
    figure = draw(candles)
    PICTURE.write_text(as_svg(figure, describe(candles)), encoding="utf-8")
    return 0


def analyze() -> pd.DataFrame:
    """Return the candles of the window with all columns that the strategy adds."""
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
        analyzed = strategy.analyze_ticker(candles.reset_index(drop=True), {"pair": PAIR})
    return analyzed[analyzed["date"] >= FIRST].reset_index(drop=True)


def find_trades(candles: pd.DataFrame) -> tuple[list[int], list[int]]:
    """Return the rows of the signals at which trades would open and close, one trade at a time."""
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


def draw(candles: pd.DataFrame) -> go.Figure:
    """Draw the price with signals, and below it dominance with its threshold; shade alt seasons."""
    # A close is known at the candle's end.
    times = [f"{date:%Y-%m-%d %H:%M}" for date in candles["date"] + HOUR]
    figure = build_panels(times[0], times[-1])
    shade_seasons(figure, candles)
    closes = candles["close"].round(2).tolist()
    figure.add_scatter(
        x=times, y=closes, mode="lines", name="price", line={"color": PRICE, "width": 1.5}
    )
    entries, exits = find_trades(candles)
    aside = ASIDE * (max(closes) - min(closes))
    for name, rows, color, symbol, offset in (
        ("signal to enter", entries, ENTRY, "triangle-up", -aside),
        ("signal to exit", exits, EXIT, "triangle-down", aside),
    ):
        figure.add_scatter(
            x=[times[row] for row in rows],
            y=[round(closes[row] + offset, 2) for row in rows],
            mode="markers",
            name=name,
            marker={
                "symbol": symbol,
                "size": 11,
                "color": color,
                "line": {"color": "#ffffff", "width": 1},
            },
        )
    threshold = float(candles["opens below %"].iloc[-1])
    for name, x, y, line in (
        ("Bitcoin's dominance", times, candles["BTC.D %"].round(3).tolist(), {"color": DOMINANCE}),
        ("threshold", [times[0], times[-1]], [threshold] * 2, {"color": INK, "dash": "dash"}),
    ):
        figure.add_scatter(
            x=x, y=y, mode="lines", name=name, yaxis="y2", line={**line, "width": 1.5}
        )
    return figure


def build_panels(begin: str, end: str) -> go.Figure:
    """Return a figure with a panel for the price above one for dominance."""
    figure = build_figure("", "price, USDT")
    below = {**figure.layout.yaxis.to_plotly_json(), "title": {"text": "dominance, %"}}
    figure.update_layout(
        title={"text": f"<b>{TITLE}</b><br><sup>{SUBTITLE}</sup>", "x": 0.06, "y": 0.95},
        font_family=FONT,
        paper_bgcolor="#ffffff",
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        margin={"l": 70, "r": 30, "t": 105, "b": 44},
        xaxis={"anchor": "y2", "range": [begin, end], "tickformat": "%Y-%m-%d", "dtick": FORTNIGHT},
        yaxis={"domain": [0.38, 1]},
        yaxis2={**below, "domain": [0, 0.3]},
    )
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(zeroline=False, title_font_size=13)
    return figure


def shade_seasons(figure: go.Figure, candles: pd.DataFrame) -> None:
    """Shade the stretches in which the gate is open."""
    for number, (begin, end) in enumerate(find_seasons(candles)):
        figure.add_shape(
            {"type": "rect", "x0": begin, "x1": end, "y0": 0, "y1": 1, "yref": "paper"},
            name="alt season",
            showlegend=number == 0,
            fillcolor=SEASON,
            line_width=0,
            layer="below",
        )


def find_seasons(candles: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the beginning and end of each stretch with an open gate."""
    is_open = candles["alt_season"].astype(bool)
    begins = candles["date"][is_open & ~is_open.shift(1, fill_value=False)]
    ends = candles["date"][is_open & ~is_open.shift(-1, fill_value=False)] + HOUR
    return [
        (f"{begin:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")
        for begin, end in zip(begins, ends, strict=True)
    ]


def describe(candles: pd.DataFrame) -> str:
    """Describe the picture in words."""
    entries, exits = find_trades(candles)
    return (
        f"{PAIR} of the synthetic sample market from {FIRST:%Y-%m-%d} to {LAST:%Y-%m-%d}, with "
        f"{len(entries)} signals to enter and {len(exits)} to exit. Below it Bitcoin's dominance "
        "with the threshold of 55 %. Where dominance is below it, alt season is shaded; every "
        "entry lies there."
    )


def digest(figure: go.Figure) -> str:
    """Return a hash of everything that is drawn; a test uses it to detect an outdated picture."""
    drawn = figure.to_plotly_json()
    return hashlib.sha256(json.dumps(drawn, sort_keys=True, default=list).encode()).hexdigest()


def as_svg(figure: go.Figure, words: str) -> str:
    """Return the picture as SVG, with its content in words for a screen reader."""
    drawn = figure.to_image(format="svg", width=WIDTH, height=HEIGHT).decode()
    start, rest = drawn.split(">", 1)
    return (
        f'{start} role="img" aria-labelledby="title desc"><title id="title">{TITLE}</title>'
        f'<desc id="desc">{escape(words)}</desc><metadata>{digest(figure)}</metadata>{rest}\n'
    )


if __name__ == "__main__":
    sys.exit(main())
