"""What a picture would take on cards: whole ways of drawing, and the tables in the document."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.runtime.tape import FLOAT32, Tape
from kiosk.bench import estimate
from kiosk.bench.cards import CARDS, START_US, pass_ms
from kiosk.bench.estimate import BATCHES, BEGIN, END, Way, refiner, report, written

CARD = CARDS[0]


def small_network() -> onnx.ModelProto:
    """A convolution of a (batch, 6, 64, 64) picture, batch of any size."""
    tape = Tape()
    x = tape.input("picture", ["batch", 6, 64, 64])
    w = tape.constant(np.ones((6, 6, 3, 3)), FLOAT32)
    clean = tape.op("Conv", x, w, pads=[1, 1, 1, 1])
    tape.output("clean", clean, ["batch", 6, 64, 64], FLOAT32)
    return tape.model("refiner", {})


def test_a_refiner_is_counted_in_half_precision() -> None:
    passes = refiner("small", small_network())
    (kernel,) = passes.kernels[4]
    assert kernel.half
    assert kernel.moved_bytes == 2 * (2 * 4 * 6 * 64 * 64 + 6 * 6 * 9)
    assert passes.ms(4, CARD) == pass_ms([kernel], CARD)


def test_a_way_is_the_synthesis_and_its_steps() -> None:
    passes = refiner("small", small_network())
    once, four = (Way("", passes, passes, steps).ms(2, CARD) for steps in (1, 4))
    assert once == pytest.approx(2 * passes.ms(2, CARD))
    assert four == pytest.approx(5 * passes.ms(2, CARD))
    assert Way("", passes, None, 0).ms(2, CARD) == passes.ms(2, CARD)


def test_avatars_are_what_a_busy_card_draws_between_two_pictures() -> None:
    way = Way("", refiner("small", small_network()), None, 0)
    each_ms = way.ms(BATCHES[-1], CARD) / BATCHES[-1]
    assert each_ms > START_US / 1e3 / BATCHES[-1]
    assert way.stages(CARD) == int(32 / each_ms)


def test_the_report_has_a_row_for_every_way_and_a_column_for_every_card() -> None:
    lines = report(estimate.synthesis(), [refiner("small", small_network())])
    text = "\n".join(lines)
    assert text.count("| refiner, small, 4 steps |") == 2
    assert "| synthesis graph, 512×512 | 0.00 M |" in text
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
    network, document = tmp_path / "net.onnx", tmp_path / "page.md"
    onnx.save(small_network(), str(network))
    document.write_text(f"{BEGIN}\n{END}\n")
    chosen = ["--refiner", f"tiny={network}"]
    assert estimate.main([*chosen, "--write", str(document)]) == 0
    assert "refiner, tiny, 1 step |" in document.read_text()
    assert not capsys.readouterr().out
    assert estimate.main(chosen) == 0
    assert "refiner, tiny, 1 step |" in capsys.readouterr().out
    assert estimate.main(["--refiner", "no=such.onnx"]) == 1
    assert "such.onnx" in capsys.readouterr().err


def test_the_document_says_what_the_networks_that_ship_cost() -> None:
    """If it fails: python -m kiosk.bench.estimate --write docs/performance.md."""
    page = Path(__file__).parents[1] / "docs" / "performance.md"
    lines = report(estimate.synthesis(), estimate.shipped())
    assert written(page.read_text(), lines) == page.read_text()
