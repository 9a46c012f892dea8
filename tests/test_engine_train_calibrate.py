import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.motion.lips import opening
from engine.train import teacher
from engine.train.calibrate import by_viseme, likeness
from engine.train.teacher import Phone

PHONES = tuple(Phone(s, 0.4 + 0.16 * i, 0.56 + 0.16 * i) for i, s in enumerate("amawaba"))


def test_the_teacher_is_like_itself_and_visemes_are_told_apart() -> None:
    times = np.arange(50, dtype=np.float32) / np.float32(25)
    taught = opening(teacher.curves(PHONES, times))
    assert likeness([(PHONES, taught, taught)]) == pytest.approx(1.0)
    assert likeness([(PHONES, np.roll(taught, 6), taught)]) < 0.9
    seen = by_viseme([(PHONES, 0.5 * taught, taught)])
    assert seen["a"].count == 4
    assert seen["pbm"].count == 2
    assert seen["a"].taught > 0.6 > 0.1 > seen["pbm"].taught
    assert seen["a"].real == pytest.approx(0.5 * seen["a"].taught)
