"""Numbers as people read them: three significant digits, an interval beside every estimate."""

import math

__all__ = ["NONE", "estimate_text", "number_text"]

DIGITS = 3
_FINER = 3  # digits that a narrow interval may add
NONE = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number_text(value: float | None) -> str:
    """Return a number with 3 significant digits: 0.412, 12.3, 1 230, 4.53×10⁻⁵; – for None."""
    if value is None or not math.isfinite(value):
        return NONE
    power = _power(value)
    return _scaled(value, power) + _suffix(power)


def estimate_text(estimate: float | None, low: float | None, high: float | None) -> str:
    """Return "0.412 [0.398, 0.427]"; without an interval "0.412 [–]"; – for no estimate.

    The three share their decimals: those of 3 significant digits of the estimate, but enough for
    the width of the interval to show and at most one more than that. Beyond 6 significant digits
    an interval is narrower than anything worth reading, and is not shown any finer.
    """
    if estimate is None or not math.isfinite(estimate):
        return NONE
    if low is None or high is None:
        return f"{number_text(estimate)} [{NONE}]"
    power = _power(max(abs(estimate), abs(low), abs(high)))
    unit = 10.0**power
    finest = _decimals(max(abs(estimate), abs(low), abs(high)) / unit) + _FINER
    shown = min(_width_decimals((high - low) / unit), finest)
    decimals = max(shown, min(_decimals(estimate / unit), shown + 1))
    point, bottom, top = (_fixed(value / unit, decimals) for value in (estimate, low, high))
    return f"{point} [{bottom}, {top}]{_suffix(power)}"


def _power(value: float) -> int:
    """Power of ten to take out: 0 unless the number is too small or too large to read plainly."""
    if value == 0:
        return 0
    exponent = math.floor(math.log10(abs(value)))
    return exponent if exponent < -3 or exponent > 6 else 0


def _suffix(power: int) -> str:
    return f" ×10{str(power).translate(_SUPERSCRIPT)}" if power else ""


def _scaled(value: float, power: int) -> str:
    scaled = value / 10.0**power
    return _fixed(scaled, _decimals(scaled))


def _decimals(value: float) -> int:
    if value == 0:
        return 0
    exponent = math.floor(math.log10(abs(float(f"{value:.{DIGITS - 1}e}"))))
    return max(0, DIGITS - 1 - exponent)


def _width_decimals(width: float) -> int:
    """Decimals at which an interval of this width shows two different ends."""
    return max(0, 1 - math.floor(math.log10(width))) if width > 0 else 0


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}".replace(",", "\u202f")
    # A rounded zero has no sign; a typographic minus keeps columns aligned.
    return text.lstrip("-") if float(f"{value:.{decimals}f}") == 0 else text.replace("-", "−")
