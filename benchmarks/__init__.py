"""What the strategy costs, measured; see backtest_cost.py."""
