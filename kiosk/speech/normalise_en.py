"""English reading rules that come before and after the grammars of wetext."""

import re
from typing import Final

from kiosk.speech.rules import Rule, rule

DIGITS: Final = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

_DECADES: Final = (
    "twenties",
    "thirties",
    "forties",
    "fifties",
    "sixties",
    "seventies",
    "eighties",
    "nineties",
)

_CURRENCIES: Final = {
    "$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yuan", "fen"),
    "￥": ("yuan", "fen"),
    "RMB": ("yuan", "fen"),
    "CNY": ("yuan", "fen"),
    "USD": ("dollar", "cent"),
    "EUR": ("euro", "cent"),
}
_PLURALS: Final = {"penny": "pence", "yuan": "yuan", "fen": "fen"}

_ABBREVIATIONS: Final = {
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Misses",
    "Ms": "Miz",
    "Prof": "Professor",
    "Rev": "Reverend",
    "Gov": "Governor",
    "Sr": "Senior",
    "Jr": "Junior",
    "Ave": "Avenue",
    "Rd": "Road",
    "Blvd": "Boulevard",
    "Bldg": "Building",
    "Rm": "Room",
    "Dept": "Department",
    "Tel": "Telephone",
    "Ext": "Extension",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Corp": "Corporation",
    "Co": "Company",
    "approx": "approximately",
    "appt": "appointment",
    "vs": "versus",
    "etc": "et cetera",
    "min": "minutes",
    "hrs": "hours",
}


def _phone(found: re.Match[str]) -> str:
    """Digits one by one, a pause between the groups; what may be a range or a sum stays."""
    text = found[0]
    if re.fullmatch(r"\d{4}-\d\d?-\d\d?", text):
        return text  # a date
    groups = re.findall(r"\d+", text)
    count = sum(map(len, groups))
    long = any(len(group) >= 7 for group in groups)
    if not (long or text[0] in "+0(" or (len(groups) >= 3 and count >= 9)):
        return text
    plus = "plus " if text.startswith("+") else ""
    return plus + ", ".join(_spelled(group) for group in groups)


def _spelled(digits: str) -> str:
    return " ".join(DIGITS[int(digit)] for digit in digits)


def _clock(found: re.Match[str]) -> str:
    hour, minute, half = found["hour"].lstrip("0") or "0", found["minute"], found["half"]
    suffix = f" {half[0].upper()} M" if half else ""
    if minute == "00":
        if half:
            return hour + suffix
        return f"{hour} o'clock" if int(hour) <= 12 else f"{hour} hundred"
    return f"{hour} {'oh ' + minute[1] if minute[0] == '0' else minute}{suffix}"


def _amount(found: re.Match[str]) -> str:
    unit, small = _CURRENCIES[found["currency"].upper()]
    whole, cents = found["whole"].replace(",", ""), found["cents"]
    if found["scale"]:
        return f"{whole}{'.' + cents if cents else ''} {found['scale']} {_plural(unit, 2)}"
    spoken = f"{whole} {_plural(unit, int(whole))}"
    if not cents or not int(cents):
        return spoken
    if unit == "yuan" or len(cents) > 2:
        return f"{whole}.{cents.rstrip('0')} {_plural(unit, 2)}"
    part = int(cents.ljust(2, "0"))
    return f"{spoken} and {part} {_plural(small, part)}"


def _plural(unit: str, count: int) -> str:
    return unit if count == 1 else _PLURALS.get(unit, unit + "s")


def _room(found: re.Match[str]) -> str:
    """Three digits after a letter or *Room* are read ``two oh four``."""
    letters, digits = found["letters"], found["digits"]
    spoken = " ".join("oh" if digit == "0" else DIGITS[int(digit)] for digit in digits)
    return f"{' '.join(letters.strip())} {spoken}" if letters.isupper() else letters + spoken


def _ip_address(found: re.Match[str]) -> str:
    return " dot ".join(_spelled(group) for group in found[0].split("."))


def _street(found: re.Match[str]) -> str:
    """*St.* before a name is a saint, after one a street."""
    return "Saint " if found["saint"] else "Street"


def _decade(found: re.Match[str]) -> str:
    return f"{found[1]} {_DECADES[int(found[2]) - 2]}"


_SHORT: Final = "|".join(_ABBREVIATIONS)
_CURRENCY: Final = r"(?P<currency>[$€£¥￥]|\b(?:RMB|CNY|USD|EUR)\s?)"

BEFORE: Final[tuple[Rule, ...]] = (
    rule(r"[“”]", '"'),
    rule(r"[‘’]", "'"),
    rule(r"(?i)\be\.\s?g\.,?", "for example,"),
    rule(r"(?i)\bi\.\s?e\.,?", "that is,"),
    rule(r"\bNos?\.\s*(?=\d)", "number "),
    rule(r"№\s*|#(?=\d)", "number "),
    rule(r"\bSt\.(?P<saint>\s+(?=[A-Z][a-z]))?", _street),
    rule(rf"\b(?P<short>{_SHORT})\.", lambda found: _ABBREVIATIONS[found["short"]]),
    rule(
        rf"{_CURRENCY}(?P<whole>\d[\d,]*)(?:\.(?P<cents>\d+))?(?:\s(?P<scale>[mb]illion))?\b",
        _amount,
    ),
    rule(r"(?i)(:\d\d(?:\s?[ap]\.?m\.?)?)\s?[-–—]\s?(?=\d?\d:\d\d)", r"\1 to "),
    rule(
        r"(?<![\d:])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?![\d:])"
        r"(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\b\.?)?",
        _clock,
    ),
    rule(r"(?<=\d)\s?([AaPp])\.?[Mm]\b\.?", lambda f: f" {f[1].upper()} M"),
    rule(r"(?<![\d.,\w-])[+(]?\d(?:[\d ()]|-(?=\d))*\d(?![\d.,]*\d)", _phone),
    rule(
        r"\b(?P<letters>[A-Z]{1,2}|(?:[Rr]oom|[Gg]ate|[Ff]light|[Tt]icket|[Rr]oute) )"
        r"-?(?P<digits>\d{3})\b",
        _room,
    ),
    rule(r"\b(\d\d)([2-9])0s\b", _decade),
    rule(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", _ip_address),
    rule(r"\b([1-9])000\b(?!-)", r"\1 thousand"),
    rule(r"\b24/7\b", "24 7"),
    rule(r"(?<=\d)\s?m\b(?!['/²³])", " meters"),
    rule(r"(?<=\d)\s?-\s?(?=[A-Za-z])", " "),
    rule(r"(?<=\d),(?=\d{3}\b)", ""),
    rule(r"(?<=\d)\.(?=\d+\.)|(?<=\.\d)\.(?=\d)", " point "),
    rule(r"(?<=\d)×(?=\d)", " by "),
    rule(r"(?<=[A-Za-z])/(?=[A-Za-z])", " or "),
    rule(r"\+(?=\d)", "plus "),
    rule(r"\s&\s", " and "),
)

AFTER: Final[tuple[Rule, ...]] = (
    rule(r"\bAM\b", "A M"),
    rule(r"\s+([,.;:!?])", r"\1"),
)
