import json
from typing import Any

from playwright.async_api import Page


def caption(text: str, start_ms: float, words: list[str], utterance: str = "u") -> dict[str, Any]:
    times = [
        {"text": word, "start_ms": start_ms + 100 * i, "end_ms": start_ms + 100 * (i + 1)}
        for i, word in enumerate(words)
    ]
    end_ms = start_ms + 100 * len(words)
    return {
        "utterance": utterance,
        "index": 0,
        "text": text,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "words": times,
    }


async def call(page: Page, body: str, *values: object) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async (v) => {{ const m = await import('/static/captions.js'); {body} }}", list(values)
    )


async def pieces(page: Page, text: str, words: list[str]) -> list[str]:
    found = await call(page, "return m.pieces(v[0]);", caption(text, 1000, words))
    return [piece["text"] for piece in found]


async def test_the_pieces_of_a_phrase_are_the_phrase(library: Page) -> None:
    assert await pieces(library, "Hello, dear guest!", ["hello", "dear", "guest"]) == [
        "Hello, ",
        "dear ",
        "guest!",
    ]


async def test_words_that_are_read_otherwise_join_the_piece_before(library: Page) -> None:
    words = ["pay", "twelve", "fifty", "now"]
    assert await pieces(library, "Pay $12.50 now", words) == ["Pay $12.50 ", "now"]


async def test_chinese_words_need_no_spaces(library: Page) -> None:
    assert await pieces(library, "请到三号窗口。", ["请", "到", "三号", "窗口"]) == [
        "请",
        "到",
        "三号",
        "窗口。",
    ]


async def test_a_phrase_without_words_is_one_piece(library: Page) -> None:
    assert await pieces(library, "Welcome.", []) == ["Welcome."]


async def test_a_word_is_said_from_its_start(library: Page) -> None:
    said = await call(
        library,
        "const p = m.pieces(v[0]); return [999, 1000, 1099, 1100].map((t) => m.spoken(p, t));",
        caption("one two", 1000, ["one", "two"]),
    )
    assert said == [0, 1, 1, 2]


TRACK = """const track = new m.CaptionTrack(); v[0].forEach((c) => track.add(c));
    const at = (ms) => track.at(ms)?.text ?? null;"""


async def test_a_phrase_shows_from_its_start_until_two_seconds_after_its_end(library: Page) -> None:
    shown = await call(
        library, TRACK + "return [999, 1000, 3099, 3100].map(at);", [caption("hi", 1000, ["hi"])]
    )
    assert shown == [None, "hi", "hi", None]


async def test_the_next_phrase_takes_the_place_of_the_last(library: Page) -> None:
    both = [caption("second", 1500, ["second"]), caption("first", 1000, ["first"])]
    assert await call(library, TRACK + "return [1200, 1500].map(at);", both) == ["first", "second"]


async def test_a_cleared_utterance_is_gone_and_others_stay(library: Page) -> None:
    both = [caption("cut", 1000, ["cut"], "u1"), caption("kept", 2000, ["kept"], "u2")]
    shown = await call(library, TRACK + "track.clear('u1'); return [1050, 2000].map(at);", both)
    assert shown == [None, "kept"]


async def test_the_view_lights_what_was_said_and_announces_whole_phrases(library: Page) -> None:
    seen = await call(
        library,
        """const [box, live] = [0, 1].map(() =>
             document.createElementNS('http://www.w3.org/1999/xhtml', 'p'));
           const view = new m.CaptionView(box, live);
           view.track.add(v[0]);
           view.show(1150);
           const lit = [...box.children].map((span) => span.className);
           const announced = live.textContent;
           view.show(1400);
           lit.push([...box.children].map((span) => span.className).join());
           view.clear('u');
           return [lit, announced, box.hidden, box.textContent];""",
        caption("one two three", 1000, ["one", "two", "three"]),
    )
    assert seen == [["said", "said now", "", "said,said,said"], "one two three", True, ""]


async def test_captions_can_be_off(library: Page) -> None:
    text = await call(
        library,
        """const [box, live] = [0, 1].map(() =>
             document.createElementNS('http://www.w3.org/1999/xhtml', 'p'));
           const view = new m.CaptionView(box, live);
           view.enabled = false; view.track.add(v[0]); view.show(1000);
           return box.textContent;""",
        json.loads(json.dumps(caption("hi", 1000, ["hi"]))),
    )
    assert text == ""
