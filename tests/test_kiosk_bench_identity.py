import numpy as np
import pytest

from kiosk.bench import identity
from kiosk.bench.browser import BenchError
from kiosk.bench.identity import Embedder
from tests.portrait_utils import landmarks, portrait


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "find_spec", lambda _: None)
    assert "pip install" in str(Embedder.missing())
    with pytest.raises(BenchError, match="identity"):
        Embedder()


@pytest.mark.skipif(Embedder.missing() is not None, reason="dlib is not installed")
def test_two_people_are_farther_apart_than_one_in_two_lights() -> None:
    embedder = Embedder()
    ada = embedder.embed(portrait(), landmarks())
    dimmed = embedder.embed((portrait() * 0.8).astype(np.uint8), landmarks())
    lin = embedder.embed(portrait("lin"), landmarks("lin"))
    assert ada.shape == (128,)
    assert np.linalg.norm(ada - dimmed) < 0.2 < np.linalg.norm(ada - lin)
