"""Where dominance comes from: one module per provider or file format.

Files, from bytes to readings:
text.py             bytes → text, a piece at a time
header.py, delimited.py, records.py   separated values, or records → a table
grid.py, table.py   a table of text, with line numbers, whatever file it comes from
cells.py, times.py  the cells of a column → numbers, times
formats.py          the table of the known formats, and which columns are meant
identity.py         whether this is Bitcoin's dominance at all
plausibility.py     whether its values can be
stamps.py           what stamps mean: zone, spacing, edge
files.py, caps.py   a table, or two market caps → readings of dominance

Providers, each with `fetch_` (network) apart from `parse_` (bytes → snapshot or a named error):
session.py          one session with timeouts, back-off and a user agent
http.py             one request, and its complete response
responses.py        JSON → checked values
reading.py          one reading, and what makes it plausible
errors.py           errors of providers, grouped by who has to act
coingecko.py, coingecko_history.py, coinmarketcap.py, coinpaprika.py, coinlore.py
"""
