"""Read dominance from providers and files: one module per provider or file format.

reading.py          what a source returns: the current dominance, or a series of past readings

Files, from bytes to readings:
text.py             bytes → text in pieces; encoding, separator, position of the header
delimited.py, records.py   delimited text, or JSON, feather and parquet → a table
table.py            a table of text cells with their line numbers
cells.py, times.py  the cells of a column → numbers, times
formats.py          the known formats, and which columns to read
stamps.py           what stamps mean: time zone, spacing, start or end of a row
rows.py             the steps from a file to readings that all formats share
identity.py         checks by names that a file holds Bitcoin's dominance
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
