import numpy as np
import pytest

from kiosk.bench.ear_scene import scene
from kiosk.bench.ear_sounds import Said
from kiosk.listen.frames import FRAME_S, FRAME_SAMPLES
from tests.ear_utils import talk

SAID = [Said(talk(1.0, seed=seed, level_db=0.0), "x") for seed in (1, 2)]


def test_labels_are_where_somebody_speaks() -> None:
    made = scene(SAID, 20.0, 5)
    assert len(made.sound) == len(made.labels) * FRAME_SAMPLES
    assert len(made.spans) >= 4
    for start_s, end_s in made.spans:
        inside = made.labels[round(start_s / FRAME_S) + 3 : round(end_s / FRAME_S) - 3]
        assert inside.mean() > 0.9
    gaps = [b[0] - a[1] for a, b in zip(made.spans[:-1], made.spans[1:], strict=True)]
    assert all(1.5 <= gap <= 4.0 for gap in gaps)
    total_s = sum(end_s - start_s for start_s, end_s in made.spans)
    assert made.labels.sum() * FRAME_S == pytest.approx(total_s, rel=0.15)


def test_it_is_the_same_each_time() -> None:
    one, other = scene(SAID, 15.0, 5), scene(SAID, 15.0, 5)
    assert one.spans == other.spans
    assert np.array_equal(one.sound, other.sound)
