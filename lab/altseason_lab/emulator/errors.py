"""Binance's errors, as far as the emulator answers with them, in Binance's own words.

https://developers.binance.com/docs/binance-spot-api-docs/errors
"""

INVALID_MESSAGE = -1013
UNSUPPORTED_OPERATION = -1020
INVALID_TIMESTAMP = -1021
INVALID_SIGNATURE = -1022
ILLEGAL_CHARACTERS = -1100
TOO_MANY_PARAMETERS = -1101
MANDATORY_PARAMETER_MISSING = -1102
UNREAD_PARAMETERS = -1104
PARAMETER_EMPTY = -1105
UNWANTED_PARAMETER = -1106
TOO_MUCH_PRECISION = -1111
BAD_TIME_IN_FORCE = -1115
BAD_ORDER_TYPE = -1116
BAD_SIDE = -1117
BAD_INTERVAL = -1120
BAD_SYMBOL = -1121
INVALID_PARAMETER = -1130
BAD_RECV_WINDOW = -1131
NEW_ORDER_REJECTED = -2010
CANCEL_REJECTED = -2011
NO_SUCH_ORDER = -2013
BAD_API_KEY_FORMAT = -2014
REJECTED_KEY = -2015


class BinanceError(Exception):
    """The client asked for something that Binance would refuse; the emulator goes on."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
