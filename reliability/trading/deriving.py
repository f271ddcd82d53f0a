"""Bots with a user's derived strategy: what else has to be true at the end."""

from pathlib import Path

from reliability.tally import Try
from tests.live.bot import LiveBot

DERIVED = {"strategy": "Derived", "strategy_path": str(Path(__file__).parent / "derived")}
# Stored by the parent strategy, and by the derived callback.
KEPT = frozenset({"dominance", "gate_rule", "fills"})


def check_callbacks(this: Try, bot: LiveBot, *outputs: str) -> None:
    """Expect that both the derived callbacks and ours have worked in every trade."""
    kept: dict[int, set[str]] = {}
    for row in bot.rows("select * from trade_custom_data"):
        kept.setdefault(row["ft_trade_id"], set()).add(row["cd_key"])
    trades = bot.rows("select id from trades where close_date is not null and amount > 0")
    this.expect(bool(trades), "nothing was traded")
    for trade in trades:
        missing = KEPT - kept.get(trade["id"], set())
        this.expect(not missing, f"trade {trade['id']} has kept no {missing}")
    for output in outputs:
        this.expect("a column that is not there" in output, "the callback has not failed")
