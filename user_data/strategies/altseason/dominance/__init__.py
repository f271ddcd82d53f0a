"""Bitcoin's dominance: read from files, kept as candles, turned into the gate."""
