import pickle
from pathlib import Path

import pytest

from kiosk.config_sources import ConfigError
from kiosk.packages import PROJECT_DIR
from tests.kiosk_client import settings


def test_by_default_the_best_backend_runs_and_plans_lie_beside_the_project() -> None:
    engine = settings().engine
    assert engine.backend == "auto"
    assert engine.plans_path == PROJECT_DIR / "trt_plans"


def test_what_is_set_reaches_the_backends(tmp_path: Path) -> None:
    engine = settings(engine__backend="cpu", engine__plans_dir=str(tmp_path)).engine
    backends = pickle.loads(pickle.dumps(engine.backends()))
    assert (backends.folder, backends.wish) == (tmp_path, "cpu")


def test_another_backend_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"engine\.backend.*tensorrt.*torch.*cpu"):
        settings(engine__backend="pycuda")
