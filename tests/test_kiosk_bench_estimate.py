"""What a picture would take on cards: whole ways of drawing, and the tables in the document."""

from functools import cache
from pathlib import Path

import pytest

from kiosk.bench import estimate
from kiosk.bench.cards import CARDS, START_US, pass_ms
from kiosk.bench.estimate import (
    BATCHES,
    BEGIN,
    END,
    Passes,
    Way,
    alone,
    report,
    ways,
    whole,
    written,
)
from tests.fake_refiner import network

CARD = CARDS[0]


@cache
def small() -> Passes:
    """A convolution and what is about it."""
    return alone("small", network(32))


def test_a_refiner_runs_in_half_precision() -> None:
    products = [k for k in small().kernels[4] if k.works[0].kind == "Conv"]
    assert [k.half for k in products] == [True]
    assert products[0].product == (4 * 16 * 16, 6)
    assert small().ms(4, CARD) == pass_ms(small().kernels[4], CARD)


def test_steps_alone_are_passes_one_after_the_other() -> None:
    assert Way("", small(), 4).ms(2, CARD) == pytest.approx(4 * small().ms(2, CARD))


def test_steps_of_a_whole_picture_are_in_its_graph() -> None:
    made = [whole("none"), *(whole("some", refiner=network(32), steps=n) for n in (1, 4))]
    convs = [sum(work.kind == "Conv" for work in passes.counted[1].works) for passes in made]
    assert convs == [0, 1, 4]
    times = [passes.ms(1, CARD) for passes in made]
    assert times[0] < times[1] < times[2]


def test_presets_are_estimated_at_the_size_that_they_draw() -> None:
    made = ways({"large": network(64), "own": network(32)})
    assert [way.name for way in made] == [
        "whole picture, `fast`, 512×512", "whole picture, `quality`, 1024×1024",
        "whole picture, own refiner, 512×512",
        *(f"{name} refiner alone, {n}" for name in ("large", "own") for n in ("1 step", "4 steps")),
    ]  # fmt: skip
    fast, quality = (way.passes.counted[1].operations for way in made[:2])
    assert quality > 3 * fast


def test_avatars_are_what_a_busy_card_draws_between_two_pictures() -> None:
    way = Way("", small())
    each_ms = way.ms(BATCHES[-1], CARD) / BATCHES[-1]
    assert each_ms > START_US / 1e3 / BATCHES[-1]
    assert way.stages(CARD) == int(32 / each_ms)


def test_the_report_has_a_row_for_every_way_and_a_column_for_every_card() -> None:
    text = "\n".join(report([Way("one way", small()), Way("four steps", small(), 4)]))
    assert text.count("| one way |") == text.count("| four steps |") == 2
    assert text.count("| small refiner alone, 1 step |") == 1
    assert all(card.name in text for card in CARDS)
    assert "batch 8" in text and "None" not in text


def test_tables_go_between_the_marks() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = written(document, ["new"])
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert written(once, ["new"]) == once
    with pytest.raises(ValueError, match="no marks"):
        written("nothing", ["new"])


def test_the_command_writes_and_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, document = tmp_path / "net.onnx", tmp_path / "page.md"
    file.write_bytes(network(32))
    document.write_text(f"{BEGIN}\n{END}\n")
    chosen = ["--refiner", f"tiny={file}"]
    assert estimate.main([*chosen, "--write", str(document)]) == 0
    assert "| whole picture, tiny refiner, 512×512 |" in document.read_text()
    assert not capsys.readouterr().out
    assert estimate.main(chosen) == 0
    assert "| whole picture, tiny refiner, 512×512 |" in capsys.readouterr().out
    assert estimate.main(["--refiner", "no=such.onnx"]) == 1
    assert "such.onnx" in capsys.readouterr().err


def test_the_document_says_what_the_networks_that_ship_cost() -> None:
    """If it fails: python -m kiosk.bench.estimate --write docs/performance.md."""
    page = Path(__file__).parents[1] / "docs" / "performance.md"
    lines = report(estimate.ways(estimate.shipped()))
    assert written(page.read_text(), lines) == page.read_text()
