"""Money: whole minor units of one currency. Pure: no Django, no floats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import total_ordering

BPS = 10_000


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency. Mixing currencies raises ValueError."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError(f"Money counts whole minor units, not {self.minor!r}.")

    def _same(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"Cannot mix {self.currency} and {other.currency}.")
        return other

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * count, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def share(self, bps: int) -> "Money":
        """`bps` basis points of this amount, half a minor unit rounded away from zero."""
        return Money(share_minor(self.minor, bps), self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to the weights that sum to it exactly; the largest remainders get the odd cents."""
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("Weights must be non-negative and not all zero.")
        parts = [self.minor * weight // whole for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(self.minor * weights[i] % whole), i))
        for i in by_remainder[: self.minor - sum(parts)]:
            parts[i] += 1
        return [Money(part, self.currency) for part in parts]


def share_minor(minor: int, bps: int) -> int:
    """`bps` basis points of `minor`, half rounded away from zero."""
    sign = -1 if minor * bps < 0 else 1
    return sign * ((abs(minor * bps) * 2 + BPS) // (2 * BPS))


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of `currency` when there is nothing to add."""
    return sum(amounts, Money(0, currency))
