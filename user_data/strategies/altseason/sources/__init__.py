"""Where dominance comes from: one module per provider or file format.

Files:
table.py            bytes → a table of text, with line numbers
cells.py            the cells of a column → numbers, times
formats.py          the known formats, the columns that are meant, what speaks against them
stamps.py           what stamps mean: zone, spacing, edge
files.py            table → readings of dominance
caps.py             two market caps → readings of dominance

Providers, each with `fetch_` (network) apart from `parse_` (bytes → snapshot or a named error):
session.py          one session that times out, backs off and says who it is
http.py             one question, and its whole answer
answers.py          JSON → checked values
snapshot.py         one reading, and what makes it believable
errors.py           what can go wrong with a provider, by who must act
coingecko.py, coingecko_history.py, coinmarketcap.py, coinpaprika.py, coinlore.py
"""
