"""The evidence card: how a rule has traded in backtests, for a bot to compare itself with."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, FiniteFloat, PositiveInt, TypeAdapter, ValidationError

from altseason.errors import StoredDataError

# In standard errors. A bot looks every hour, so what one look in 20 would show is no news.
WIDTH = 3.0


@dataclass(frozen=True)
class Sample:
    """Some numbers by what follows from them.

    :param deviation: of one of them, such that the error of the mean of `count` is the deviation by
        the root of `count`. Where what follows is like what came before, as in alt seasons, it is
        more than the standard deviation.
    """

    mean: FiniteFloat
    deviation: Annotated[FiniteFloat, Field(ge=0)]
    count: PositiveInt

    def find_interval(self, further: float) -> tuple[float, float]:
        """Return where the mean of further numbers of the same kind lies, but for bad luck.

        The error of a mean is that of the further numbers and that of these, together.
        """
        error = self.deviation * math.sqrt(1 / further + 1 / self.count)
        return self.mean - WIDTH * error, self.mean + WIDTH * error


@dataclass(frozen=True)
class EvidenceCard:
    """How a rule has traded in backtests.

    :param rule: the gate's, in words, as a bot names it at its start.
    :param windows: from when to when, for people.
    :param weekly_trades: trades opened in each week.
    :param wins: 1 for each trade with a profit, else 0.
    :param profits: of each trade, after fees, as a ratio of its stake.
    """

    strategy: str
    rule: str
    timeframe: str
    pairs: tuple[str, ...]
    windows: tuple[str, ...]
    weekly_trades: Sample
    wins: Sample
    profits: Sample


ADAPTER = TypeAdapter(EvidenceCard)


def load_card(path: Path) -> EvidenceCard:
    """Load an evidence card.

    :raises StoredDataError: in one line, where there is none.
    """
    try:
        return ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        raise StoredDataError(f"{path}: cannot read the evidence card: {error.strerror}") from error
    except ValidationError as error:
        raise StoredDataError(
            f"{path}: expected an evidence card as `altseason study --card` writes it, found "
            f"something else"
        ) from error
