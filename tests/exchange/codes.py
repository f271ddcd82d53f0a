"""Binance's error codes for signed requests, beside those of `altseason_lab.emulator.errors`.

https://developers.binance.com/docs/binance-spot-api-docs/errors
"""

INVALID_MESSAGE = -1013
INVALID_TIMESTAMP = -1021
INVALID_SIGNATURE = -1022
UNWANTED_PARAMETER = -1106
TOO_MUCH_PRECISION = -1111
BAD_TIME_IN_FORCE = -1115
BAD_ORDER_TYPE = -1116
BAD_SIDE = -1117
BAD_RECV_WINDOW = -1131
NEW_ORDER_REJECTED = -2010
CANCEL_REJECTED = -2011
NO_SUCH_ORDER = -2013
BAD_API_KEY_FORMAT = -2014
REJECTED_KEY = -2015
