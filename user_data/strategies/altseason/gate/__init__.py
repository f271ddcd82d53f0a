"""The gate: the rule, its columns in a strategy's candles, and what a person is told of it.

rule.py        whether altcoins may be traded, by the candles of dominance
columns.py     the same in a strategy's candles, where no error may stop an exit
pairs.py       which pairs are no altcoins
conditions.py  what an entry needs, by name
verdict.py     what the gate says now, and why
watch.py       each change of it, once
explanation.py why a pair is entered or not
charts.py      how FreqUI draws it
"""
