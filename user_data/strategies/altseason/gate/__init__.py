"""The gate: the rule, its columns in a strategy's candles, and what people are notified of.

rule.py        whether altcoins may be traded, by the candles of dominance and by breadth
breadth.py     how many of the coins watched have beaten Bitcoin
reader.py      how a strategy gets its dominance, the same in every run mode
coins.py       how it gets the daily candles of coins
columns.py     the same in a strategy's candles, where no error may stop an exit
keeper.py      the gate of one strategy object: what Freqtrade's calls come to
signals.py     its signals, of which no entry is left while the gate is closed
plain.py       the columns alone, for a strategy that is not gated
pairs.py       which pairs are no altcoins
conditions.py  what an entry needs, by name
verdict.py     what the gate says now, and why
watch.py       each change of it, once
service.py     what a bot has beside its trading: recording, and what it notifies of
explanation.py why a pair is entered or not
charts.py      how FreqUI draws it
"""
