"""The errors of Binance that the emulator responds with, in Binance's own words.

https://developers.binance.com/docs/binance-spot-api-docs/errors
"""

UNSUPPORTED_OPERATION = -1020
ILLEGAL_CHARACTERS = -1100
TOO_MANY_PARAMETERS = -1101
MANDATORY_PARAMETER_MISSING = -1102
UNREAD_PARAMETERS = -1104
PARAMETER_EMPTY = -1105
BAD_INTERVAL = -1120
BAD_SYMBOL = -1121
INVALID_PARAMETER = -1130


class BinanceError(Exception):
    """A request that Binance would refuse."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
