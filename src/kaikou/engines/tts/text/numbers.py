"""English names of numbers."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ("", " thousand", " million", " billion", " trillion", " quadrillion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
LARGEST = 10**18
"""Numbers from here on are read digit by digit."""


def cardinal(number: int) -> str:
    """``342`` → "three hundred forty two"."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number >= LARGEST:
        return digits(str(number))
    if number < 1000:
        return _below_thousand(number)
    parts: list[str] = []
    group = 0
    while number:
        number, rest = divmod(number, 1000)
        if rest:
            parts.append(_below_thousand(rest) + _GROUPS[group])
        group += 1
    return " ".join(reversed(parts))


def ordinal(number: int) -> str:
    """``21`` → "twenty first"."""
    head, _, last = cardinal(number).rpartition(" ")
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = f"{last[:-1]}ieth"
    else:
        last += "th"
    return f"{head} {last}".strip()


def year(number: int) -> str:
    """``1984`` → "nineteen eighty four", ``2007`` → "two thousand seven"."""
    century, rest = divmod(number, 100)
    if not 10 <= century <= 99 or (century % 10 == 0 and rest < 10):
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digits(text: str) -> str:
    """``"305"`` → "three zero five"; anything but digits is a pause between words."""
    return " ".join(_SMALL[int(char)] for char in text if char.isdecimal())


def number(text: str) -> str:
    """Digits with optional thousands commas and one decimal point. Leading zeros are kept apart:
    ``"007"`` is read digit by digit."""
    whole, point, fraction = text.replace(",", "").partition(".")
    by_digit = len(whole) > 18 or (len(whole) > 1 and whole.startswith("0"))
    spoken = digits(whole) if by_digit else cardinal(int(whole or "0"))
    return f"{spoken} point {digits(fraction)}" if point and fraction else spoken


def code(text: str) -> str:
    """Digits inside a name: ``"4"`` four, ``"737"`` seven thirty seven, ``"4090"`` forty ninety."""
    if text.startswith("0") or len(text) > 4:
        return digits(text)
    value = int(text)
    if len(text) == 3 and value % 100:
        rest = value % 100
        return f"{cardinal(value // 100)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"
    return year(value) if len(text) == 4 else cardinal(value)


def roman(text: str) -> int | None:
    """Value of an upper-case Roman numeral below 90, None where it is none."""
    values = {"I": 1, "V": 5, "X": 10, "L": 50}
    total = 0
    for at, char in enumerate(text):
        if char not in values:
            return None
        smaller = at + 1 < len(text) and values[char] < values.get(text[at + 1], 0)
        total += -values[char] if smaller else values[char]
    return total if 0 < total < 90 and _to_roman(total) == text else None


def _to_roman(value: int) -> str:
    out = ""
    for size, letters in ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while value >= size:
            out, value = out + letters, value - size
    return out


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
        if rest:
            words.append(_SMALL[rest])
    elif rest or not hundreds:
        words.append(_SMALL[rest])
    return " ".join(words)
