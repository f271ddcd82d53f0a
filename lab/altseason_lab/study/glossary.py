"""What the words of a study's page mean, in one line each."""

GLOSSARY = {
    "dominance": "Bitcoin's share, in percent, of the market capitalization of all crypto assets.",
    "gate": "The rule that lets a strategy enter only while altcoins may be traded.",
    "alt season": "The time in which a gate is open; shaded in the charts.",
    "level": "The gate that is open while dominance is below a threshold.",
    "falling": "The gate that is open while dominance is below the mean of its last days.",
    "breadth": "The gate that is open while enough of the coins watched have beaten Bitcoin.",
    "gate off": "The same strategy without a gate: it may enter at any time.",
    "coins held": "An equal part of the balance in each coin, bought at the start and held.",
    "Bitcoin held": "The whole balance in Bitcoin, bought at the start and held.",
    "wallet": "What all of it was worth, open positions included.",
    "placebo": "The same gate by dominance at wrong dates: what it earns, it earns by chance.",
    "p": "The share of gates, the true one among them, that earned as much as it or more.",
    "±": "How far p may be off because only so many placebos were drawn.",
    "95 % interval": "Where a difference lies, as far as so many days can tell.",
    "point": "A percentage point: from 10 % to 12 % are two.",
    "trial": "A variant that was ever backtested; the best of many looks good by chance.",
    "deflated Sharpe ratio": "How likely the best of all trials is better than chance makes it.",
    "backtest overfitting": "That the best in some days is below the middle in the other days.",
    "growth": "The mean logarithmic return, a year; CAGR is the same, compounded.",
    "CAGR": "The profit as a yearly rate that compounds.",
    "drawdown": "The largest fall of the wallet from a peak before.",
    "Sharpe": "The mean daily return by how much these vary, a year.",
    "Sortino": "As Sharpe, but only falls count as variation.",
    "Calmar": "The profit by the largest drawdown, as Freqtrade calculates it.",
    "profit factor": "What winning trades won by what losing ones lost.",
    "expectancy": "The profit of a trade on average, in the stake currency.",
    "in market": "The share of candles at which a position was held.",
    "fees": "All fees paid, in percent of the starting balance.",
    "break-even": "The cost per side at which no profit is left.",
    "slippage": "By how much a trade's price is worse than that of the candle.",
}

# On the page of a study that judges a model.
MODEL_GLOSSARY = {
    "meta-labels": "What became of a rule's entries, for a model to learn which of them succeed.",
    "AUC": "How often the better of two entries had the higher probability; 0.5 is chance.",
    "Brier score": "The mean squared error of probabilities; 0 where all were certain and right.",
    "calibration error": "How far probabilities are from the shares that came true, on average.",
    "importance": "What a model's AUC loses when the values of a feature are dealt out anew.",
}
