"""The gate: its rule, its columns in a strategy's candles, and its notifications.

rule.py        the rule: whether the gate is open, by dominance and breadth
breadth.py     breadth: how many of the coins watched have beaten Bitcoin
reader.py      read a strategy's dominance, the same in every run mode
coins.py       read the daily candles of coins, the same in every run mode
columns.py     the gate as columns of a strategy's candles, where no error may stop an exit
keeper.py      the gate of one strategy object, which holds back its entries
signals.py     take a strategy's entry signals away where the gate is closed
pairs.py       which pairs are no altcoins, and so never entered
conditions.py  conditions of an entry, by name
verdict.py     describe whether the gate is open, why, and what would change it
watch.py       notify of each change of the gate once
service.py     what a running bot does besides trading: record dominance, and report the gate
explanation.py explain why a pair is entered or not
charts.py      what FreqUI draws of the gate
"""
