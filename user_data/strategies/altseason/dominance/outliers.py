"""Find days that jump and come back on the next one, as errors of a provider do.

They are stored like any others, and left out of the mean of dominance. Which days these are follows
from the stored candles alone, so that backtests and trading agree; a file beside the candles has
them counted all the same.
"""

from pathlib import Path

import pandas as pd

from altseason.dominance.candles import DAY

# In percentage points. Dominance has moved by more within a day, and stayed there.
MAX_JUMP = 4.0
KEPT = """\
Days of {pair} that jump by more than {jump:g} points and come back on the next one are counted in
the mean of dominance, since --keep-outliers was given. Delete this file to have them left out.
"""


def find_outliers(daily: pd.DataFrame) -> pd.DataFrame:
    """Return the days that jump by more than `MAX_JUMP` and come back on the next one.

    All three days have to be there, and the third within `MAX_JUMP` of the first. The day on which
    it comes back is not one, even where another jump follows. Whether a day is one is known at the
    end of the next day, and depends on no later one.

    :param daily: daily candles as in `candles.validate_candles`.
    :return: columns date, before, close, after (closes in percent), oldest first.
    """
    date, close = daily["date"], daily["close"]
    table = pd.DataFrame(
        {"date": date, "before": close.shift(), "close": close, "after": close.shift(-1)}
    )
    there, back = table["close"] - table["before"], table["after"] - table["close"]
    has_neighbors = (date.diff() == DAY) & (date.diff(-1) == -DAY)
    is_jump = has_neighbors & (there.abs() > MAX_JUMP) & (back.abs() > MAX_JUMP)
    is_jump &= (table["after"] - table["before"]).abs() <= MAX_JUMP
    # Where days in a row jump, every second one is the way back.
    run = (~is_jump).cumsum()
    is_outlier = is_jump & (is_jump.groupby(run).cumsum() % 2 == 1)
    return table[is_outlier].reset_index(drop=True)


def save_choice(file: Path, pair: str) -> None:
    """Store the choice to count outliers, in a file beside the candles."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(KEPT.format(pair=pair, jump=MAX_JUMP), encoding="utf-8")
