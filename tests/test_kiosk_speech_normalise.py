import pytest

from kiosk.speech.normalise import normalise

ENGLISH = {
    "Dr. Smith is here": "Doctor Smith is here",
    "12 St. James St. is near": "twelve Saint James Street is near",
    "Mr. & Mrs. Lee": "Mister and Misses Lee",
    "No. 5": "number five",
    "It costs $120.50": "It costs one hundred and twenty dollars and fifty cents",
    "¥120.50": "one hundred and twenty point five yuan",
    "$3.5 million": "three point five million dollars",
    "on 2026-11-22": "on the twenty second of november twenty twenty six",
    "at 14:30": "at fourteen thirty",
    "at 9:00": "at nine o'clock",
    "at 3:05 pm": "at three oh five P M",
    "9 a.m. to 5 p.m.": "nine A M to five P M",
    "10:00-17:30": "ten o'clock to seventeen thirty",
    "10%": "ten percent",
    "Room B204": "Room B two oh four",
    "Room 204": "Room two oh four",
    "call 010-8888-6666": "call zero one zero, eight eight eight eight, six six six six",
    "the 1st and the 22nd": "the first and the twenty second",
    "5 km, 3kg": "five kilometers, three kilograms",
    "100 m": "one hundred meters",
    "25°C": "twenty five degrees Celsius",
    "-5 degrees": "negative five degrees",
    "3.14": "three point one four",
    "version 1.2.3": "version one point two point three",
    "192.168.1.1": "one nine two dot one six eight dot one dot one",
    "since 1998": "since nineteen ninety eight",
    "the 1990s": "the nineteen nineties",
    "3-5 days": "three to five days",
    "a 1/2 cup": "a one half cup",
    "24/7": "twenty four seven",
    "e.g. this": "for example, this",
    "Mail a.b@c.com": "Mail a dot b at c dot com",
    "See https://www.example.com/a/": "See example dot com slash a",
    "**Bold** and [a link](http://x.y)": "Bold and a link",
    "Hello 😀👍🏽!": "Hello!",
    "WiFi and ID": "WiFi and ID",
}

MANDARIN = {
    "¥120.50": "一百二十元五角",
    "¥0.05": "五分",
    "$5.20": "五点二美元",
    "1,234元": "一千二百三十四元",
    "2026-11-22": "二零二六年十一月二十二日",
    "2026年11月22日": "二零二六年十一月二十二日",
    "12月2日": "十二月二日",
    "14:30": "十四点三十分",
    "3:05 pm": "下午三点零五分",
    "周一至周五9:00-17:00": "周一至周五九点到十七点",
    "2点": "两点",
    "10%": "百分之十",
    "B204房间": "B二零四房间",
    "301室": "三零一室",
    "A座3层": "A座三层",
    "请到3号窗口": "请到三号窗口",
    "No.5": "五号",
    "第1-2页": "第一到第二页",
    "2-3个工作日": "两到三个工作日",
    "010-8888-6666": "零幺零，八八八八，六六六六",
    "13800138000": "幺三八，零零幺三，八零零零",
    "110101199001011234": "幺幺零幺零幺，幺九九零零幺零幺，幺二三四",
    "12345热线": "幺二三四五热线",
    "5kg": "五千克",
    "-5度": "零下五度",
    "25℃": "二十五摄氏度",
    "1/2": "二分之一",
    "3.14": "三点一四",
    "7×24小时": "七乘二十四小时",
    "2个": "两个",
    "下载APP😀": "下载A P P",
    "WiFi密码": "WiFi密码",
}


@pytest.mark.parametrize(("written", "spoken"), ENGLISH.items())
def test_english(written: str, spoken: str) -> None:
    assert normalise(written, "en") == spoken


@pytest.mark.parametrize(("written", "spoken"), MANDARIN.items())
def test_mandarin(written: str, spoken: str) -> None:
    assert normalise(written, "zh") == spoken


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "text", ["+86 138", "$", "1" * 60, "½²³٣", "\x00\ufeff", "a" * 500, "<<>>[]("]
)
def test_nothing_fails_and_no_digit_is_left(text: str, language: str) -> None:
    spoken = normalise(text, language)
    assert not any(letter.isdecimal() for letter in spoken)


@pytest.mark.parametrize(
    ("text", "language"), [("It is nine o'clock.", "en"), ("九点三十分。", "zh")]
)
def test_what_is_written_out_stays(text: str, language: str) -> None:
    assert normalise(text, language) == text
