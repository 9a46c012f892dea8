"""What the corpus says: own sentences, filled templates and runs of words, in English and Mandarin.

Sentences teach running speech, templates teach numbers, dates and names of places, and runs of
random words from a pronunciation lexicon teach pairs of phonemes that sentences seldom hold.
"""

import random
from collections.abc import Callable, Sequence
from typing import Final

ENGLISH_SENTENCES: Final = (
    "Welcome to the city hall. How may I help you today?",
    "Please place both thumbs on the glass and wait for the beep.",
    "My brother bought a purple umbrella and a box of fresh mushrooms.",
    "Five brave firefighters saved a family of four from the fifth floor.",
    "We walked through the woods while the wind whistled above the water.",
    "Should you choose the usual beige version, the measure is a pleasure to watch.",
    "Joyful children judge the orange juice by its huge jar.",
    "The thirsty author thought that these three paths were worth the bother.",
    "Oh, you know, nobody wants to go home alone in the snow.",
    "Boys enjoy noisy toys, but oil may spoil the soil.",
    "He found a brown mouse about the house, somehow without a sound.",
    "Look, the good cook put the sugar in a wooden bowl.",
    "Ah, father calmly parked the large car in the dark barn.",
    "She sells fresh fish, chips and cheese beside the shore.",
    "Very few people ever give a favourite vase to a visitor.",
    "Maybe the members of the museum will remember my number.",
    "Bob, please stop by the pub and bring Pam a map of the bay.",
    "Every evening I feed the seagulls pieces of leafy green cabbage.",
    "The early bird heard a nurse murmur words from her journal.",
    "A young singer is bringing spring songs to the king's long banquet.",
    "Quick, the queen requires a quiet quarter with equal squares.",
    "What a wonderful view! You could see the moon through the blue room.",
    "I would rather talk about the law than draw on the wall all autumn.",
    "Hello! It is really nice to meet you. Come in, come in.",
    "No, no, no. I am afraid that office moved away last November.",
    "Yes, of course. Just turn left by the pharmacy, then go up the stairs.",
    "Hmm, let me think about that for a moment.",
    "If the form is missing a stamp, simply take it back to window B.",
    "Mum made apple pie; pop made pumpkin soup; baby made a big mess.",
    "Wow, those were the warmest waves we ever swam in.",
    "Your permit has been approved. Please keep your receipt for six months.",
    "To renew a passport, bring two photos, proof of address, and the old one.",
    "Fifty-five elephants ate everything except eleven eggs.",
    "Ask Jack to pack that black bag of apples and hand it back.",
    "Up above, the sun and some young ducks were stuck in the mud.",
    "They say the rain may stay away from Spain till the eighth of May.",
    "I might find time tonight to climb the high white lighthouse.",
    "Hot coffee from the shop on top of the rock cost a lot.",
    "Smooth music moved through the room as two new flutes grew louder.",
    "Thank you for your patience. Somebody will be with you shortly.",
    "There, there: where were you when the bear was near the pear tree?",
    "Which witch wished which wish? I wish I knew.",
    "Please don't touch the surface while the machine is printing.",
    "Payment is possible by card, by phone, or in cash at the desk.",
    "The ferry leaves at half past four from platform number nine.",
    "Before you begin, make sure your mobile phone is put away.",
    "My mother often makes muffins for a fundraiser.",
    "Above all, be brief, be brave, and be back by five.",
    "Perhaps a public library would provide more privacy.",
    "Someone swapped the labels on the lamp and the vacuum pump.",
)

MANDARIN_SENTENCES: Final = (
    "您好，欢迎来到市政大厅，请问有什么可以帮您？",
    "请把护照放在扫描仪上，然后按一下蓝色的按钮。",
    "爸爸买白菜，妈妈卖馒头，宝宝抱着布娃娃。",
    "他的女儿去旅游局问路，一律需要绿色的卡片。",
    "四是四，十是十，十四是十四，四十是四十。",
    "吃葡萄不吐葡萄皮，不吃葡萄倒吐葡萄皮。",
    "风吹飞了蜂房，凤凰飞到了福州。",
    "这位医生住在医院旁边的一栋红色楼房里。",
    "雨后的远山云雾缭绕，园里的月季全都开了。",
    "我们一起唱歌，跳舞，喝茶，聊天，好不好？",
    "哦，原来如此！那我明白了，谢谢你的解释。",
    "对不起，这个窗口今天不办理结婚登记。",
    "沿着这条走廊一直走，右转以后就能看到电梯。",
    "办公时间是上午九点到下午五点半，周末休息。",
    "他说话很快，可是每个字都说得非常清楚。",
    "夏天的西瓜又大又甜，冬天的雪花又白又轻。",
    "老师鼓励学生多读书，多思考，多提问。",
    "请您稍等一下，工作人员马上就来。",
    "图书馆的三楼有一间安静的阅览室。",
    "小猫蹦蹦跳跳地跑过来，摸摸它的头，它就喵喵叫。",
    "这件事情非常重要，务必带上身份证和户口本。",
    "火车从武汉出发，途经郑州，石家庄，最后到达北京。",
    "昨天晚上下了一场大雨，河水涨了不少。",
    "爷爷喜欢下棋，奶奶喜欢养花，一家人快快乐乐。",
    "如果您需要英文服务，请说一声，或者触摸屏幕。",
    "窗外的鸟儿叽叽喳喳，仿佛在讨论今天的天气。",
    "孙悟空翻了一个跟头，就飞出去十万八千里。",
    "博物馆门票免费，但是必须提前一天预约。",
    "嗯，让我想一想，应该是在二号楼的负一层。",
    "姐姐借给弟弟七件旧家具，弟弟送给姐姐九斤鲜虾。",
    "这座桥是哪一年修建的？大概是明朝万历年间吧。",
    "他用温暖的微笑回答了所有问题，没有一点不耐烦。",
    "熊猫吃竹子，骆驼走沙漠，鲸鱼游大海。",
    "平平安安出门，高高兴兴回家，比什么都好。",
    "我爱喝乌龙茶，也爱喝咖啡，不过不加糖。",
)

_PLACES_EN: Final = (
    "the passport office", "the library", "the pharmacy", "window five", "the museum",
    "the bus stop",
    "the marriage bureau", "the vaccination centre", "the tax department", "the big blue hall",
    "the public pool", "the swimming club", "the courthouse", "the post office", "the bakery",
    "the emergency room", "the farmers' market", "the view point", "the chapel", "the theatre",
)  # fmt: skip
_THINGS_EN: Final = (
    "a birth certificate", "your old permit", "a phone bill", "two photographs", "a valid passport",
    "the yellow form", "a proof of payment", "your health card", "a blue pen", "an appointment",
    "a copy of the map", "five pounds", "some warm clothes", "an umbrella", "your fishing licence",
)  # fmt: skip
_PEOPLE_EN: Final = (
    "Mr. Palmer", "Mrs. Bowman", "Professor Vaughn", "Miss Whitfield", "my uncle Bob",
    "Doctor Choi",
    "your neighbour", "the mayor", "Emma", "Philip and Beth", "a friend of mine", "Judge Ferguson",
)  # fmt: skip
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_PLACES_ZH: Final = (
    "图书馆", "派出所", "出入境大厅", "社区医院", "博物馆", "地铁站", "邮局", "服务台", "菜市场",
    "银行", "游泳馆", "二楼窗口", "停车场", "婚姻登记处", "税务局", "火车站", "药店", "法院",
)  # fmt: skip
_THINGS_ZH: Final = (
    "身份证", "护照", "户口本", "两张照片", "医保卡", "申请表", "驾驶证", "电费单", "预约号码",
    "一把雨伞", "手机", "复印件", "一百块钱", "毕业证书", "收据", "黑色的笔",
)  # fmt: skip
_PEOPLE_ZH: Final = (
    "王先生", "李女士", "张医生", "陈老师", "我的朋友", "吴局长", "小赵", "您的邻居", "冯律师",
    "欧阳小姐", "黄师傅", "我弟弟", "他奶奶",
)  # fmt: skip


_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"


def _pick(rng: random.Random, items: Sequence[str]) -> str:
    return items[rng.randrange(len(items))]


def _spell_en(number: int) -> str:
    """*number*, 0 to 9999, in English words."""
    ones, tens = _ONES.split(), _TENS.split()
    if number < 20:
        return ones[number]
    if number < 100:
        tail = f" {ones[number % 10]}" if number % 10 else ""
        return tens[number // 10 - 2] + tail
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    tail = f" {_spell_en(number % size)}" if number % size else ""
    return f"{_spell_en(number // size)} {name}{tail}"


def _spell_zh(number: int) -> str:
    """*number* read digit by digit in Mandarin, as telephone and room numbers are."""
    return "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))


def _english_template(rng: random.Random) -> str:
    place, thing, person = (_pick(rng, x) for x in (_PLACES_EN, _THINGS_EN, _PEOPLE_EN))
    number, month = _spell_en(rng.randrange(1, 9999)), _pick(rng, _MONTHS_EN)
    day, hour = _spell_en(rng.randrange(1, 29)), _spell_en(rng.randrange(1, 13))
    return _pick(
        rng,
        (
            f"To visit {place}, you will need {thing} before {month} {day}.",
            f"{person} is waiting at {place} with {thing}.",
            f"Your number is {number}. Please go to {place}.",
            f"Was it {person} who forgot {thing} at {place}?",
            f"On the {day} of {month}, {place} opens at {hour} and closes at four.",
            f"Could you show {thing} to {person}, please? It takes about {hour} minutes.",
            f"The fee is {number} dollars; {person} pays half of it.",
            f"Oh, {thing}? You may bring it to {place} any time before {hour} o'clock.",
            f"{person} moved from {place} to a flat above {place} in {month}.",
        ),
    )


def _mandarin_template(rng: random.Random) -> str:
    place, thing, person = (_pick(rng, x) for x in (_PLACES_ZH, _THINGS_ZH, _PEOPLE_ZH))
    number, month = _spell_zh(rng.randrange(1, 9999)), "一二三四五六七八九十"[rng.randrange(10)]
    return _pick(
        rng,
        (
            f"去{place}以前，请先准备好{thing}。",
            f"{person}在{place}等您，别忘了带{thing}。",
            f"您的号码是{number}，请到{place}办理。",
            f"{month}月{month}号上午，{place}不开门，请{person}改天再来。",
            f"请问，{thing}是不是{person}的？我在{place}看到的。",
            f"{place}的电话是{number}，有问题可以找{person}。",
            f"没有{thing}也没关系，{person}会在{place}帮您补办。",
        ),
    )


_OPENERS_EN: Final = (
    "I think", "you know", "there was", "it is", "we had", "so", "well,", "and then", "but",
    "maybe", "he said that", "she wants", "they were", "I don't know if", "what about",
    "if you see",
)  # fmt: skip
_JOINTS_EN: Final = (
    "of the", "with a", "and", "to the", "for my", "in", "from", "but not", "or", "about the",
    "because of", "which was", "that he would", "before the", "by", "over", "as if", "into a",
)  # fmt: skip


def _running_en(rng: random.Random, words: Sequence[str]) -> str:
    """Words among the little words of running speech, which are said fast and slurred."""
    parts = [_pick(rng, _OPENERS_EN)]
    for _ in range(rng.randint(2, 5)):
        parts += [_pick(rng, words), _pick(rng, _JOINTS_EN)]
    return " ".join([*parts, _pick(rng, words)]) + "."


def _word_run(rng: random.Random, words: Sequence[str], joint: str, end: str) -> str:
    chosen = [_pick(rng, words) for _ in range(rng.randint(5, 9))]
    pauses = [joint if rng.random() < 0.15 else joint.strip(",，") for _ in chosen]
    return (
        "".join(word + pause for word, pause in zip(chosen, pauses, strict=True)).rstrip(",， ")
        + end
    )


def english(rng: random.Random, words: Sequence[str] = ()) -> str:
    """One English text; random runs of *words* (a lexicon) join in when given."""
    makers: list[Callable[[], str]] = [
        lambda: f"{_pick(rng, ENGLISH_SENTENCES)} {_pick(rng, ENGLISH_SENTENCES)}",
        lambda: _english_template(rng),
    ]
    if words:
        makers += [lambda: _word_run(rng, words, ", ", ".")]
        makers += [lambda: _running_en(rng, words)] * 2
    return makers[rng.randrange(len(makers))]()


def mandarin(rng: random.Random, words: Sequence[str] = ()) -> str:
    """One Mandarin text; random runs of *words* (a lexicon) join in when given."""
    makers: list[Callable[[], str]] = [
        lambda: _pick(rng, MANDARIN_SENTENCES) + _pick(rng, MANDARIN_SENTENCES),
        lambda: _mandarin_template(rng),
    ]
    if words:
        makers += [lambda: _word_run(rng, words, "，", "。")] * 2
    return makers[rng.randrange(len(makers))]()
