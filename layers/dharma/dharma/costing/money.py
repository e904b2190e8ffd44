"""Money as integer nano-dollars: one US dollar is 1,000,000,000.

Cloud prices go down to fractions of a micro-dollar per request; floats would not add up, and
integers add, compare and store exactly.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import NewType

NanoDollars = NewType("NanoDollars", int)

NANO_PER_DOLLAR = 1_000_000_000


def from_dollars(text: str | Decimal) -> NanoDollars:
    """Exact conversion of a decimal amount. ValueError when it is finer than one nano-dollar."""
    nano = Decimal(text) * NANO_PER_DOLLAR
    if nano != nano.to_integral_value():
        raise ValueError(f"{text} USD is finer than one nano-dollar; use a larger unit")
    return NanoDollars(int(nano))


def to_dollars(amount: NanoDollars) -> Decimal:
    """Exact amount in US dollars."""
    return Decimal(amount) / NANO_PER_DOLLAR


def times(price: NanoDollars, quantity: Decimal) -> NanoDollars:
    """Price of a quantity, rounded half to even to whole nano-dollars."""
    return NanoDollars(int((Decimal(price) * quantity).to_integral_value(ROUND_HALF_EVEN)))
