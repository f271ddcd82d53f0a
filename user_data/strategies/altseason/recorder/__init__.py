"""Dominance while a bot trades: polled, logged, made candles of, in one thread per data directory.

log.py        every reading first goes here, and stays
recording.py  candles of the log, made as soon as they have ended
poller.py     one poll: the primary, or a fallback in its place
offsets.py    how far a fallback lies from the primary
method.py     a step between the primary and its fallbacks, which stays
jumps.py      how far dominance may move until a reading has to be confirmed
backfill.py   days that are missing, fetched as the download does
claim.py      elects one polling process per data directory
backoff.py    exponential back-off
feed.py       the thread
"""
