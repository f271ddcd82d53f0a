"""The unit in which a person counts costs."""

BASIS_POINT = 0.0001


def as_ratio(cost: float) -> float:
    """Turn basis points into the ratio that a person would type for `--fee`."""
    return round(cost * BASIS_POINT, 10)
