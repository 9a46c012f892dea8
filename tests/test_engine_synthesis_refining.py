"""A portrait that is refined: where, how much, and how that comes and goes."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.media import ByteArray, MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.synthesis import refiner as room
from engine.synthesis.framing import frame
from engine.synthesis.look import Background, Look, Mark
from engine.synthesis.matte import Person, person
from engine.synthesis.refiner import Shelf
from engine.synthesis.refining import FADE_FRAMES, Refining
from engine.synthesis.region import Region
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.fake_refiner import installed, refiner
from tests.graph_utils import off, persona
from tests.portrait_utils import ada, motion

SIZE = 512
OUTPUT = OutputFormat(SIZE, SIZE)
OPEN = motion(Pose(yaw_deg=5, roll_deg=3, x=0.05), jawOpen=0.5)


@cache
def cut() -> Person:
    return person(persona("lin"))


def look(steps: int = 1, background: str = "photo", mark: bool = False) -> Look:
    kind = Background(background)  # type: ignore[arg-type]
    return Look("fast", steps, kind, Mark(on=mark))


def drawer(steps: int = 1, seed: int = 0, side_px: int = 128, strength: float = 0.3) -> Synthesizer:
    loaded = refiner(side_px, strength=strength)
    return Synthesizer(ada(), OUTPUT, look(steps), refiner=loaded, seed=seed)


def refining(each: Synthesizer) -> Refining:
    assert each._refining is not None
    return each._refining


def plain() -> Synthesizer:
    return Synthesizer(ada(), OUTPUT, look(0))


def changed(one: ByteArray, other: ByteArray) -> ByteArray:
    return np.asarray(one[:SIZE] != other[:SIZE])


def test_no_step_is_the_warp_alone_to_the_bit() -> None:
    none = Synthesizer(ada(), OUTPUT, look(0), refiner=refiner())
    assert none.details == ("slow body",)
    assert np.array_equal(none.render(OPEN), plain().render(OPEN))


@pytest.mark.parametrize("side_px", [128, 256])
def test_the_mouth_alone_is_refined_and_goes_with_the_head(side_px: int) -> None:
    each, bare = drawer(side_px=side_px), plain()
    for pose in (Pose(), Pose(yaw_deg=8, roll_deg=6, x=0.1)):
        frame = motion(pose, jawOpen=0.4)
        touched = changed(each.render(frame), bare.render(frame))
        *_, turned = each.posed(frame)
        place = np.zeros((SIZE, SIZE), np.uint8)
        half = side_px // 2
        more = np.full((6, half, half), 250, np.float32)
        refining(each).full.region.add(
            place, np.zeros((2, SIZE // 2, SIZE // 2), np.uint8), more, turned
        )
        assert touched[place > 200].mean() > 0.8
        assert not touched[place == 0].any()


def test_a_network_that_adds_nothing_changes_nothing() -> None:
    each = drawer(strength=0.0)
    assert np.array_equal(each.render(OPEN), plain().render(OPEN))


def test_the_residual_is_of_so_many_grey_levels() -> None:
    each, bare = drawer(strength=0.3), plain()
    off_by = off(each.render(OPEN), bare.render(OPEN))
    assert 7 <= off_by <= round(0.3 * 32)


def test_the_network_is_given_the_face_at_rest_and_what_is_seen_of_the_mouth() -> None:
    each = drawer()
    region, rest = refining(each).full.region, motion()
    planes = plain().render(rest)
    chroma = planes[SIZE:].reshape(2, SIZE // 2, SIZE // 2)
    *_, turned = each.posed(rest)
    assert np.array_equal(refining(each).full.neutral, region.crop(planes[:SIZE], chroma, turned))
    shut, wide = each.begin(rest).job, each.begin(motion(jawOpen=0.8)).job
    assert shut is not None and wide is not None
    assert np.array_equal(shut.crop.picture, shut.crop.neutral)
    assert wide.crop.mask[0].sum() > shut.crop.mask[0].sum() + 50
    assert wide.crop.mask.min() >= 0 and wide.crop.mask.max() <= 1
    middle = wide.crop.mask[0, 20:44, 20:44]
    assert middle.sum() > 0.9 * wide.crop.mask[0].sum()
    assert wide.crop.mask[1].sum() > 50
    assert wide.crop.coefficients.shape == (len(COEFFICIENTS),)


def test_a_mouth_out_of_the_picture_is_survived() -> None:
    each = drawer()
    for pose in (Pose(y=0.5, x=0.5, scale=1.25), Pose(x=-9, y=9, scale=9)):
        assert each.render(motion(pose, jawOpen=0.6)).shape == (SIZE * 3 // 2, SIZE)
    wild = np.full(len(COEFFICIENTS), np.nan, np.float32)
    assert np.array_equal(each.render(MotionFrame(0, wild)), each.render(motion()))


def test_noise_never_changes_and_is_each_stages_own() -> None:
    one, other = drawer(), drawer(seed=1)
    first = one.render(OPEN)
    one.render(motion(jawOpen=0.9))
    assert np.array_equal(one.render(OPEN), first)
    assert not np.array_equal(other.render(OPEN), first)


def test_steps_differ() -> None:
    first = drawer(1).render(OPEN)
    assert off(drawer(4).render(OPEN), first) >= 1


def test_the_mark_is_drawn_after_refining(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(self: Region, luma: ByteArray, *_: object) -> None:
        luma.fill(50)

    monkeypatch.setattr(Region, "add", add)
    marked = Synthesizer(ada(), OUTPUT, look(1, mark=True), refiner=refiner())
    assert marked.render(OPEN)[:SIZE].max() > 200
    assert drawer().render(OPEN)[:SIZE].max() == 50


@pytest.mark.parametrize("background", ["colour", "transparent", "blurred"])
@pytest.mark.parametrize("pose", [Pose(), Pose(yaw_deg=20, roll_deg=18, x=0.4, scale=1.2)])
def test_what_is_not_the_person_is_never_refined(background: str, pose: Pose) -> None:
    lin, frame = persona("lin"), motion(pose, jawOpen=0.7)
    each = Synthesizer(lin, OUTPUT, look(1, background), cut(), refiner())
    bare = Synthesizer(lin, OUTPUT, look(0, background), cut())
    see_through = Synthesizer(lin, OUTPUT, look(0, "transparent"), cut())
    see_through.render(frame)
    alpha = see_through.alpha
    assert alpha is not None
    begun = each.begin(frame)
    planes = each.finish(begun, np.full((6, 64, 64), 60, np.float32))
    want = bare.render(frame)
    touched = changed(planes, want)
    assert touched.sum() > 5000
    assert not touched[alpha == 0].any()
    chroma = planes[SIZE:].reshape(2, SIZE // 2, SIZE // 2)
    away = alpha.reshape(SIZE // 2, 2, SIZE // 2, 2).max((1, 3)) == 0
    assert np.array_equal(chroma[:, away], want[SIZE:].reshape(chroma.shape)[:, away])
    if each.alpha is not None:
        assert np.array_equal(each.alpha, alpha)


def test_a_residual_is_weighed_by_its_cover_in_luma_and_chroma() -> None:
    each, half = drawer(), SIZE // 2
    *_, turned = each.posed(motion())
    luma = np.full((SIZE, SIZE), 100, np.uint8)
    chroma = np.full((2, half, half), 128, np.uint8)
    cover = np.zeros((SIZE, SIZE), np.uint8)
    cover[:, :half] = 255
    cover[:, half - 8 : half] = 51
    more = np.full((6, 64, 64), 50, np.float32)
    refining(each).full.region.add(luma, chroma, more, turned, cover)
    assert (luma[:, half:] == 100).all() and (chroma[:, :, half // 2 :] == 128).all()
    assert luma[:, : half - 8].max() == 150
    assert luma[:, half - 8 : half].max() == 110
    assert chroma[:, :, half // 2 - 4 :].max() == 138


def test_ways_get_cheaper_step_by_step() -> None:
    assert drawer(1).details == ("no refiner", "slow body")
    assert drawer(4).details == ("1 step", "no refiner", "slow body")
    assert drawer(20).details == ("4 steps", "1 step", "no refiner", "slow body")
    each = drawer(4)
    for level, steps in enumerate((4, 1)):
        each.simplify(level)
        job = each.begin(OPEN).job
        assert job is not None and job.crop.steps == steps
    with pytest.raises(ValueError, match="level 4: allowed are 0 to 3"):
        each.simplify(4)


def test_a_slow_machine_takes_the_smaller_network_before_it_takes_none() -> None:
    large, small = refiner(256), refiner(128, seed=3)
    framing = frame((1024, 1024), ada().pivot_px[0], SIZE, SIZE)
    each = drawer(2, side_px=256)
    each._refining = made = Refining(ada(), framing, large, 2, smaller=small)
    made.rest(
        np.zeros((SIZE, SIZE), np.uint8), np.zeros((2, 256, 256), np.uint8), each.posed(OPEN)[2]
    )
    assert each.details == ("1 step", "small refiner", "no refiner", "slow body")
    seen = []
    for level in range(3):
        each.simplify(level)
        job = each.begin(OPEN).job
        assert job is not None and job.crop.picture.shape[-1] == job.refiner.side_px // 2
        seen.append((job.refiner, job.crop.steps))
    assert seen == [(large, 2), (large, 1), (small, 1)]
    refined = changed(each.render(OPEN), plain().render(OPEN))
    assert refined.any()
    each.simplify(3)
    assert gains(each, FADE_FRAMES)[-1] == 0
    assert each.begin(OPEN).job is None


def gains(each: Synthesizer, count: int) -> list[float]:
    out = []
    for _ in range(count):
        begun = each.begin(OPEN)
        assert (begun.job is None) == (begun.gain == 0)
        out.append(begun.gain)
    return out


def test_refining_goes_and_comes_back_over_some_pictures() -> None:
    each = drawer(4)
    assert gains(each, 2) == [1, 1]
    each.simplify(2)
    falling = gains(each, FADE_FRAMES + 1)
    assert falling == pytest.approx([1 - k / FADE_FRAMES for k in (1, 2, 3, 4, 5, 6, 6)], abs=1e-5)
    assert falling[-2:] == [0, 0]
    assert np.array_equal(each.render(OPEN), plain().render(OPEN))
    each.simplify(0)
    rising = gains(each, FADE_FRAMES + 1)
    assert rising == pytest.approx([k / FADE_FRAMES for k in (1, 2, 3, 4, 5, 6, 6)], abs=1e-5)
    assert rising[-1] == 1


def test_nothing_pops_when_the_refiner_is_given_up() -> None:
    each = drawer(1)
    pictures = [each.render(OPEN)]
    for level in (1, 2, 0):
        each.simplify(level)
        pictures += [each.render(OPEN) for _ in range(FADE_FRAMES + 2)]
    whole = off(pictures[0], plain().render(OPEN))
    steps = [off(a[:SIZE], b[:SIZE]) for a, b in pairwise(pictures)]
    assert whole >= 7
    assert max(steps) <= whole / FADE_FRAMES + 1.01
    assert np.array_equal(pictures[-1], pictures[0])


def test_one_that_begins_in_a_cheaper_way_begins_so_at_once() -> None:
    each = drawer(1)
    each.simplify(1)
    assert gains(each, 2) == [0, 0]


def test_the_looks_own_network_is_taken_and_without_it_nothing_is_refined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WEIGHTS", tmp_path / "none")
    monkeypatch.setattr("engine.synthesis.refining.SHELF", Shelf())
    assert np.array_equal(
        Synthesizer(ada(), OUTPUT, look(4)).render(OPEN), plain().render(OPEN)
    )  # fmt: skip
    monkeypatch.setattr(room, "WEIGHTS", installed(tmp_path / "some"))
    for preset, side_px, steps in (("fast", 128, 0), ("balanced", 128, 1), ("quality", 256, 1)):
        each = Synthesizer(ada(), OUTPUT, Look(preset))  # type: ignore[arg-type]
        job = each.begin(OPEN).job
        assert (job is not None) == (steps > 0)
        if job is not None:
            assert isinstance(each._refining and each._refining.full.region, Region)
            assert (job.refiner.side_px, job.crop.steps) == (side_px, steps)
