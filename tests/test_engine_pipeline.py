"""The pipeline passes time and generation through, and shifts content without touching pts."""

import weakref

import numpy as np
import pytest

from engine.media import Audio
from engine.pipeline import Pipeline, draw
from engine.timeline import frame_pts, frame_samples, samples, seconds
from tests.fakes import (
    LOOKAHEAD_SAMPLES,
    FakeMotion,
    FakePass,
    FakeSynthesis,
    TogetherSynthesis,
    fake_pipeline,
    tone,
)


def test_a_picture_can_be_pulled_once_the_sound_around_it_is_known() -> None:
    pipeline = fake_pipeline()
    pipeline.push(Audio(0, tone(0.2)))
    assert pipeline.ready_pts == samples(0.2) - LOOKAHEAD_SAMPLES
    frame = pipeline.pull(1, 1920)
    assert (frame.index, frame.pts, frame.generation) == (1, 1920, 0)
    assert (frame.width, frame.height) == (64, 64)
    with pytest.raises(ValueError, match="not known"):
        pipeline.pull(9, samples(0.19))


def test_the_correction_shifts_the_face_and_not_the_timestamp() -> None:
    pipeline = fake_pipeline()
    pipeline.push(Audio(0, np.concatenate([np.zeros(9600, np.float32), tone(0.4)])))
    closed = pipeline.pull(2, 3840)
    ahead = pipeline.pull(2, 3840, shown_pts=3840 + 9600)
    assert closed.pts == ahead.pts == 3840
    assert ahead.planes[0, 0] > closed.planes[0, 0]


def test_a_picture_at_rest_has_its_mouth_closed() -> None:
    pipeline = fake_pipeline()
    pipeline.push(Audio(0, tone(0.4)))
    speaking = pipeline.pull(4, 7680)
    held = pipeline.pull(4, 7680, at_rest=True)
    assert (held.pts, held.mouth) == (7680, 0.0)
    assert held.planes[0, 0] == 40 < speaking.planes[0, 0]


def test_another_look_draws_from_the_next_picture_on() -> None:
    pipeline, other = fake_pipeline(), FakeSynthesis(32)
    pipeline.push(Audio(0, tone(0.2)))
    assert pipeline.pull(1, 1920).width == 64
    pipeline.show(other)
    assert pipeline.pull(2, 3840).width == 32


class Simpler(FakeSynthesis):
    """Knows some cheaper ways; remembers which it was told."""

    def __init__(self, *details: str) -> None:
        super().__init__()
        self.details = details
        self.levels: list[int] = []

    def simplify(self, level: int) -> None:
        self.levels.append(level)


def test_a_level_that_another_look_does_not_know_is_its_last() -> None:
    pipeline, rich, poor = fake_pipeline(), Simpler("a", "b", "c"), Simpler("d")
    pipeline.simplify(2)  # knows no way: nothing happens
    for synthesis in (rich, poor):
        pipeline.show(synthesis)
        assert pipeline.details == synthesis.details
        for level in (0, 1, 3):
            pipeline.simplify(level)
    assert (rich.levels, poor.levels) == ([0, 1, 3], [0, 1, 1])


def test_flush_rewinds_and_the_next_generation_begins() -> None:
    pipeline = fake_pipeline()
    pipeline.push(Audio(0, tone(0.5)))
    pipeline.flush(4800)
    with pytest.raises(ValueError, match="gap"):
        pipeline.push(Audio(24_000, tone(0.1)))
    pipeline.push(Audio(4800, tone(0.2)))
    assert pipeline.pull(2, 3840).generation == 1


def test_time_is_counted_in_samples() -> None:
    assert frame_samples(25) == 1920 and frame_samples(20) == 2400
    assert frame_pts(25, 25) == 48_000
    assert samples(seconds(12_345)) == 12_345
    with pytest.raises(ValueError, match="30 Hz"):
        frame_samples(30)


def test_the_two_halves_of_a_pull() -> None:
    pipeline = fake_pipeline()
    pipeline.push(Audio(0, tone(1.0)))
    draft = pipeline.begin(4, 7680, shown_pts=9600)
    (planes,) = draw([draft])
    frame, pulled = draft.frame(planes), pipeline.pull(4, 7680, shown_pts=9600)
    assert np.array_equal(frame.planes, pulled.planes)
    assert (frame.index, frame.pts, frame.shown_pts) == (4, 7680, 9600)
    assert frame.mouth == pulled.mouth > 0


def test_a_draft_is_drawn_by_what_showed_it_when_it_was_begun() -> None:
    way = FakePass()
    pipeline = Pipeline(FakeMotion(), TogetherSynthesis(way))
    pipeline.push(Audio(0, tone(1.0)))
    assert pipeline.together is way.draw
    draft = pipeline.begin(1, 1920)
    pipeline.show(FakeSynthesis(32, 32))
    assert pipeline.together is None
    assert draw([draft])[0].shape == (96, 64)


def test_sizes_may_differ_in_a_pass() -> None:
    way, drafts = FakePass(), []
    for side in (64, 32):
        pipeline = Pipeline(FakeMotion(), TogetherSynthesis(way, side, side))
        pipeline.push(Audio(0, tone(1.0)))
        drafts.append(pipeline.begin(1, 1920))
    assert [planes.shape for planes in draw(drafts)] == [(96, 64), (48, 32)]
    assert way.sizes == [2]


def test_a_closed_engine_has_no_portrait_and_takes_no_other() -> None:
    pipeline = fake_pipeline()
    pipeline.push(Audio(0, tone(0.2)))
    shown = weakref.ref(pipeline.shown)
    pipeline.close()
    assert shown() is None
    late = FakeSynthesis()
    pipeline.show(late)
    assert pipeline.shown is not late and pipeline.details == () and pipeline.together is None
    with pytest.raises(RuntimeError, match="closed: make another"):
        pipeline.pull(0, 0)
