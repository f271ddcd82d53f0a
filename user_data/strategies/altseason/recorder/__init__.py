"""Dominance while a bot trades: polled, logged, made candles of, in one thread per data directory.

log.py        every reading first goes here, and stays
recording.py  candles of the log, made as soon as they have ended
offsets.py    how far a fallback lies from the primary
providers.py  who is asked
poller.py     one poll: the primary, or a fallback in its place
backfill.py   days that are missing, fetched as the download does
claim.py      of all processes on a data directory one polls
retrying.py   what failed is not done again at once
feed.py       the thread
"""
