"""Whole pictures by one network: as the spares draw them, in one pass, and without a jump."""

import gc
from functools import cache

import numpy as np
import pytest

from engine.media import MotionFrame, Pose
from engine.pipeline import Draft, draw
from engine.runtime.runner import Runner, RunnerError
from engine.synthesis import whole as room
from engine.synthesis.batch import render_all
from engine.synthesis.graph_synthesizer import runner
from engine.synthesis.look import Look
from engine.synthesis.refining import FADE_FRAMES
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.whole import WholePicture, WholeSynthesizer
from tests.fake_refiner import network, refiner
from tests.graph_utils import off, persona
from tests.keeping_utils import Heard, Keeping
from tests.portrait_utils import motion

OUTPUT = OutputFormat(256, 256)
FRAMES = [motion(jawOpen=0.6), motion(Pose(yaw_deg=-6, breath=1.0), eyeBlink=0.5)]


@cache
def graph(*, refined: bool = False) -> Runner:
    if refined:
        return runner(OUTPUT, refiner=network(), fine=True)
    return runner(OUTPUT)


def made(*, refined: bool = False) -> tuple[WholePicture, Keeping, Heard]:
    keeping, heard = Keeping(graph(refined=refined)), Heard()
    return WholePicture(keeping, "fp32", heard), keeping, heard


def spare(name: str = "ada", look: Look | None = None) -> Synthesizer:
    return Synthesizer(persona(name), OUTPUT, look or Look())


def refined_spare() -> Synthesizer:
    return Synthesizer(persona("ada"), OUTPUT, Look("balanced"), refiner=refiner())


def drafts(drawers: list[WholeSynthesizer]) -> list[Draft]:
    return [Draft(0, 0, 0, frame, d) for d, frame in zip(drawers, FRAMES, strict=True)]


def test_two_stages_are_drawn_in_one_pass_as_the_cpu_draws_them_and_sent_once() -> None:
    whole, keeping, heard = made()
    drawers = [whole.admit(spare(name)) for name in ("ada", "lin")]
    for _ in range(2):
        pictures = draw(drafts(drawers))
        for name, frame, picture in zip(("ada", "lin"), FRAMES, pictures, strict=True):
            want = spare(name).render(frame)  # with the mark
            assert off(picture, want) <= 1
    assert keeping.batches == [2, 2] and keeping.sent == [0, 1] and heard.told == ["", ""]
    out = np.zeros((384, 256), np.uint8)
    assert drawers[1].render(FRAMES[1], out) is out and off(out, pictures[1]) == 0
    assert drawers[0].output == OUTPUT


def test_when_it_is_lost_the_spares_draw_and_it_comes_back_by_itself() -> None:
    whole, keeping, heard = made()
    drawers = [whole.admit(spare(name)) for name in ("ada", "lin")]
    assert drawers[0].together == drawers[1].together == whole.draw
    by_network = draw(drafts(drawers))
    keeping.fault = RunnerError("the GPU's process did not answer")
    by_spares = draw(drafts(drawers))
    keeping.answers, keeping.fault = False, None
    assert drawers[0].together is None, "on a CPU the first would wait for the last"
    draw(drafts(drawers))
    keeping.answers = True
    keeping.restart()
    again = draw(drafts(drawers))
    for one, other, third in zip(by_network, by_spares, again, strict=True):
        assert off(one, other) <= 1 and off(one, third) == 0
    assert keeping.sent == [0, 1, 0, 1], "to the new process they are sent again"
    silent, died = "the GPU's process did not answer", "the process died: the CPU draws meanwhile"
    assert heard.told == ["", silent, died, died, ""]


def test_the_refiner_is_part_of_it_and_fades_where_the_ladder_says_none() -> None:
    whole, keeping, _ = made(refined=True)
    drawer, alone, warped = whole.admit(refined_spare()), refined_spare(), refined_spare()
    assert drawer.details == alone.details == ("no refiner", "slow body")
    warped.simplify(1)
    frame = FRAMES[0]
    bare = warped.render(frame)
    assert off(drawer.render(frame), alone.render(frame)) <= 2
    assert off(alone.render(frame), bare) > 4
    before = drawer.render(frame)
    steps = []
    drawer.simplify(2)  # the slow body, too, which is the CPU's alone
    alone.simplify(1)
    for _ in range(FADE_FRAMES):
        after = drawer.render(frame)
        assert off(after, alone.render(frame)) <= 2
        steps.append(off(after, before))
        before = after
    assert max(steps) < off(alone.render(frame), refined_spare().render(frame))
    assert off(before, bare) <= 2 and keeping.batches == [1] * (2 + FADE_FRAMES)


def test_while_it_does_not_answer_the_refiner_still_batches() -> None:
    whole, keeping, heard = made(refined=True)
    drawers = [whole.admit(refined_spare()) for _ in FRAMES]
    keeping.answers = False
    assert drawers[0].together is render_all
    for picture, frame in zip(draw(drafts(drawers)), FRAMES, strict=True):
        assert off(picture, refined_spare().render(frame)) == 0
    assert len(heard.told) == 2 and keeping.batches == []


def test_a_slow_body_is_not_shown_where_it_was_long_ago() -> None:
    whole, keeping, _ = made()
    drawer, fresh = whole.admit(spare()), spare()
    for each in (drawer, fresh):
        each.simplify(len(drawer.details))
    keeping.answers = False
    drawer.render(MotionFrame(0, np.zeros(55, np.float32), Pose()))  # shoulders kept for 3 more
    keeping.answers = True
    breathes = motion(Pose(breath=1.0))
    drawer.render(breathes)
    keeping.answers = False
    assert off(drawer.render(breathes), fresh.render(breathes)) == 0


def test_only_so_many_portraits_and_only_as_long_as_they_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "RIGS_MOST", 2)
    monkeypatch.setattr(room, "CHANGING", 0)
    whole, _, _ = made()
    drawers = [whole.admit(spare()) for _ in range(2)]
    with pytest.raises(ValueError, match="close a stage"):
        whole.admit(spare())
    drawers.pop()
    gc.collect()
    assert whole.rig_count == 1
    whole.admit(spare())
