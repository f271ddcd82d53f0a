"""Record dominance while a bot trades: poll, log, store candles; one thread per data directory.

log.py        the log of readings: each one goes here first, and stays
recording.py  stores the candles of the log, each as soon as it has ended
poller.py     one poll: of the primary, or of a fallback in its place
offsets.py    calibrates each fallback against the primary
method.py     notices that a provider has changed how it counts
jumps.py      holds back a reading that jumps until another one confirms it
backfill.py   fetches missing days as the download does
claim.py      elects one polling process per data directory
backoff.py    exponential back-off
feed.py       the thread
"""
