"""How answers often begin: spoken beforehand, so that a streamed answer sounds at once.

Many an answer of a language model begins with one of these; the rest of its text is made while it
sounds. They are nobody's words: what visitors or models really say is not kept.
"""

from typing import Final

OPENERS: Final = (
    "Hello,", "Hello!", "Good morning,", "Good morning!", "Good afternoon,",
    "Sure!", "Of course,", "Of course!", "Certainly,", "Thank you.", "I see.", "Sorry,",
    "您好，", "您好！", "你好！", "好的，", "好的。", "当然，", "当然可以，", "可以的，",
    "没问题，", "请稍等，", "谢谢，", "不好意思，", "是的，", "不是，",
)  # fmt: skip
