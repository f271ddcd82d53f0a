"""The counts of each scenario: how often it was tried and survived, and what was lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

Scale = Literal["small", "full"]


@dataclass
class Try:
    """One try; it is survived if no problem was found.

    :param lost: the number of acknowledged readings that are missing, of wrong candles, and of
        orders that nobody knows of.
    """

    name: str
    lost: int = 0
    problems: list[str] = field(default_factory=list)

    def expect(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self.problems.append(otherwise)


@dataclass
class Tally:
    """All tries of a scenario.

    :param notes: what could not be tried on this machine.
    """

    tried: int = 0
    survived: int = 0
    lost: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def trying(self, name: str) -> Iterator[Try]:
        """Count one try; an exception in it counts as a problem, and the next one continues."""
        this = Try(name)
        try:
            yield this
        except Exception as error:
            this.problems.append(f"raised {error!r}")
        self.tried += 1
        self.lost += this.lost
        self.survived += not this.problems
        self.problems += [f"{name}: {problem}" for problem in this.problems]

    def add(self, other: "Tally") -> None:
        """Add the tries of another tally."""
        self.tried += other.tried
        self.survived += other.survived
        self.lost += other.lost
        self.problems += other.problems
        self.notes += other.notes


@dataclass(frozen=True)
class Setting:
    """The setting of a scenario.

    :param folder: an empty one that any user may access.
    """

    folder: Path
    random: Random
    scale: Scale

    def choose(self, small: int, full: int) -> int:
        """Return a number by the scale."""
        return full if self.scale == "full" else small

    def new_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder


Scenario = Callable[[Setting, Tally], None]
