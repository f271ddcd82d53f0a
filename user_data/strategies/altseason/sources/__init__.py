"""Where dominance comes from: one module per provider or file format.

reading.py          what a source gives: the current dominance, or a series of the past

Files, from bytes to readings:
text.py             bytes → text, a piece at a time; where its header is, what separates fields
delimited.py, records.py   separated values, or records → a table
table.py            a table of text with line numbers, whatever file it comes from
cells.py, times.py  the cells of a column → numbers, times
formats.py          the table of the known formats, and which columns are meant
stamps.py           what stamps mean: zone, spacing, edge
rows.py             the rows of a file on their way to readings
identity.py         whether the names say that this is Bitcoin's dominance
caps.py             two market caps → readings of dominance
files.py            a file → readings of dominance

Providers, each with `fetch_` (network) apart from `parse_` (bytes → a reading or a named error):
session.py          one session with timeouts, back-off and a user agent
http.py             one request, and its complete response
responses.py        JSON → checked values
errors.py           errors of providers, grouped by who has to act
coingecko.py, coingecko_history.py, coinmarketcap.py, coinmarketcap_history.py, coinpaprika.py,
coinlore.py         dominance
defillama.py        market caps of stablecoins
"""
