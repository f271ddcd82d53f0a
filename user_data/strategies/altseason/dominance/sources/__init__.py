"""Where dominance comes from: one module per provider or file format.

Files:
table.py            CSV text → checked rows with their line numbers
files.py            which file format it is, and what its stamps mean
coingecko_chart.py  two market-cap downloads → dominance

Providers, each with `fetch_` (network) apart from `parse_` (bytes → snapshot or a named error):
session.py          one session that times out, backs off and says who it is
http.py             one question, and its whole answer
answers.py          JSON → checked values
snapshot.py         one reading, and what makes it believable
errors.py           what can go wrong with a provider, by who must act
coingecko.py, coingecko_history.py, coinmarketcap.py, coinpaprika.py, coinlore.py
"""
