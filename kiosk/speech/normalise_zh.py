"""Mandarin reading rules that come before and after the grammars of wetext."""

import re
from typing import Final

from kiosk.speech.rules import Rule, rule

DIGITS: Final = "零一二三四五六七八九"

_SMALL: Final = (*DIGITS, "十")

_TELEPHONE_DIGITS: Final = "零幺二三四五六七八九"
"""One is read *yāo* in telephone and identity numbers, so that it is not heard as seven."""

_UNITS: Final = {
    "¥": "元",
    "￥": "元",
    "RMB": "元",
    "CNY": "元",
    "$": "美元",
    "€": "欧元",
    "£": "英镑",
}


def _digits(text: str, names: str = DIGITS) -> str:
    return "".join(names[int(digit)] for digit in text)


def _number(found: re.Match[str]) -> str:
    """Telephone, identity and card numbers: digit by digit, a pause between the groups."""
    text = found[0]
    groups = re.findall(r"\d+", text)
    if re.fullmatch(r"\d{4}-\d\d?-\d\d?", text) or sum(map(len, groups)) < 7:
        return text
    if len(groups) == 1:
        groups = _grouped(groups[0])
    return "，".join(_digits(group, _TELEPHONE_DIGITS) for group in groups)


def _grouped(digits: str) -> list[str]:
    """Mobile numbers by 3-4-4, identity numbers by 6-8-4, others by four."""
    sizes = {11: (3, 4, 4), 17: (6, 8, 3), 18: (6, 8, 4), 7: (3, 4)}.get(len(digits))
    if sizes is None:
        return [digits[start : start + 4] for start in range(0, len(digits), 4)]
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    return [digits[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _amount(found: re.Match[str]) -> str:
    unit = _UNITS[found["currency"].strip().upper()]
    whole, cents = found["whole"].replace(",", ""), (found["cents"] or "").rstrip("0")
    if unit == "元" and len(cents) in (1, 2):
        tenths, hundredths = cents[0], cents[1:]
        fen = f"{hundredths}分" if hundredths else ""
        if not int(whole):
            return (f"{tenths}角" if tenths != "0" else "") + fen
        return f"{whole}元{tenths + '角' if tenths != '0' else '零'}{fen}"
    return f"{whole}{'.' + cents if cents else ''}{unit}"


def _half_day(found: re.Match[str]) -> str:
    return ("上午" if found["half"] in "Aa" else "下午") + found["time"]


def _ordinal_range(found: re.Match[str]) -> str:
    first, last = (number if int(number) > 10 else _SMALL[int(number)] for number in found.groups())
    return f"第{first}到第{last}"


_CURRENCY: Final = r"(?P<currency>[¥￥$€£]|(?<![A-Za-z])(?:RMB|CNY)\s?)"

BEFORE: Final[tuple[Rule, ...]] = (
    rule(r"№\s*(\d+)|(?<![A-Za-z])No\.?\s?(\d+)", lambda f: f"{f[1] or f[2]}号", re.IGNORECASE),
    rule(rf"{_CURRENCY}\s?(?P<whole>\d[\d,]*)(?:\.(?P<cents>\d+))?(?:元)?(?!\d)", _amount),
    rule(
        r"(?P<time>\d{1,2}(?::\d\d)?)\s?(?P<half>[AaPp])\.?[Mm]\b\.?",
        lambda f: _half_day(f) + ("" if ":" in f["time"] else "点"),
    ),
    rule(r"(?<![\d.:/])\+?\d(?:[\d]|[- ](?=\d))*\d(?![\d.:/年]*[\d年])", _number),
    rule(r"(?<=[A-Za-z])-?(\d{3,4})(?!\d)", lambda f: _digits(f[1])),
    rule(r"(?<![\d.])(\d{3,4})(?=[室房]|号房)", lambda f: _digits(f[1])),
    rule(r"第(\d+)\s?[-–—~至到]\s?(\d+)", _ordinal_range),
    rule(r"(?<!\d)2(?=[日号])", "二"),
    rule(r"(?<![\d.:])2(?=点(?!\d+(?![\d分])))", "两"),
    rule(r"(?<![\d\w])-(\d+)\s?(?:°C|℃|度)", r"零下\1度"),
    rule(r"\b24/7\b", "7乘24小时"),
    rule(r"(?<=\d)[×x*](?=\d)", "乘"),
    rule(r"乘24", "乘二十四"),
    rule(r"(?<=\d)\.(?=\d+\.)|(?<=\.\d)\.(?=\d)", "点"),
    rule(r"(?<=\d),(?=\d{3}(?!\d))", ""),
    rule(r"[&＆]", "和"),
    rule(r"(?<=\S)=(?=\S)", "等于"),
    rule(r"(?<![A-Za-z])APP(?![A-Za-z])", "A P P", re.IGNORECASE),
)

AFTER: Final[tuple[Rule, ...]] = (rule(r"(?<=[一-鿿])\s+(?=[一-鿿])", ""),)
