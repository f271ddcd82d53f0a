"""Dominance while a bot trades: polled, logged, made candles of, in one thread per data directory.

log.py        every reading first goes here, and stays
recording.py  candles of the log, made as soon as they have ended
offsets.py    how far a fallback lies from the primary
providers.py  the providers of the table in settings.py
poller.py     one poll: the primary, or a fallback in its place
jumps.py      how far dominance may move until a reading has to be confirmed
budget.py     how many retries a poll may make
backfill.py   days that are missing, fetched as the download does
claim.py      elects one polling process per data directory
retrying.py   exponential back-off
feed.py       the thread
status.py     what has been recorded of late
"""
