"""Where dominance comes from: one module per provider or file format.

table.py            CSV text → checked rows with their line numbers
files.py            which file format it is, and what its stamps mean
coingecko_chart.py  two market-cap downloads → dominance
"""
