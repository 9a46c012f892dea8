"""Training the refiner: it learns, keeps its place, and takes states as the sampler meets them."""

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from engine.train.refiner import data, train
from engine.train.refiner.network import SHAPES
from tests.refiner_training_utils import FINE, TINY, conditions, write_shards


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small network on one thread: more of them only wait for each other."""
    monkeypatch.setitem(SHAPES, "small", TINY)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def batch(pairs: int) -> data.Batch:
    given = conditions(TINY, 2 * pairs)
    return data.Batch(given, torch.randn(given.picture.shape))


def test_it_learns(tmp_path: Path) -> None:
    write_shards(tmp_path, 2, 8, (32,))
    portraits = [data.load(path, 32) for path in data.paths(tmp_path).values()]
    trainer = train.Trainer("small", 1e-2, data.spread(portraits), 1)
    feed = data.feed(portraits, 4, 1)
    for _ in range(60):
        trainer.set_rate(0.0)
        trainer.step(next(feed))
    judged = trainer.judge(data.judges(portraits, 8), (0, 1, 4))
    assert judged["psnr_1"] > judged["psnr_0"] + 0.8 and judged["psnr_4"] > judged["psnr_0"] + 0.8
    assert judged["seen_1"] > judged["seen_0"] + 0.8


def test_states_are_noise_or_on_the_way_to_the_network_s_own_estimate() -> None:
    """Of the untrained network it is nought."""
    trainer, given = train.Trainer("small", 1e-3, 0.3, 1), batch(8)
    noise = trainer.noised(given.residual)
    state, times = trainer.states(noise, given)
    at = times[..., None, None]
    assert (times[:8] == 0).all() and (times[8:] > 0).all()
    assert torch.equal(state[:8], noise[:8])
    assert torch.allclose(state[8:], ((1 - at) * noise)[8:])


def test_frames_of_a_pair_share_noise_and_time() -> None:
    trainer, given = train.Trainer("small", 1e-3, 0.3, 1), batch(4)
    noise = trainer.noised(given.residual)
    _, times = trainer.states(noise, given)
    assert torch.equal(noise[0::2], noise[1::2]) and torch.equal(times[0::2], times[1::2])
    assert not torch.equal(noise[0], noise[2])
    assert noise.std() == pytest.approx(0.3, rel=0.05)


def test_a_bad_sample_teaches_nothing() -> None:
    trainer, given = train.Trainer("small", 1e-3, 0.3, 1), batch(2)
    before = [weight.clone() for weight in trainer.network.parameters()]
    trainer.step(given._replace(residual=given.residual * float("nan")))
    for was, now in zip(before, trainer.network.parameters(), strict=True):
        assert torch.equal(was, now)
    trainer.step(given)
    assert trainer.network.outlet.weight.any()  # at first it is nought


def test_a_large_network_begins_with_what_a_small_one_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHAPES, "large", FINE)
    small = train.Trainer("small", 1e-3, 0.3, 1)
    torch.nn.init.ones_(small.mean.outlet.bias)
    small.save(tmp_path / "small.pt")
    large = train.Trainer("large", 1e-3, 0.3, 1)
    large.begin_from(tmp_path / "small.pt")
    for network in (large.network, large.mean):
        assert torch.equal(network.outlet.bias, torch.ones(6))


def test_a_large_network_begins_with_no_other_than_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SHAPES, "large", FINE)
    large = train.Trainer("large", 1e-3, 0.3, 1)
    large.save(tmp_path / "large.pt")
    with pytest.raises(ValueError, match="is a large refiner: give a small one's checkpoint"):
        large.begin_from(tmp_path / "large.pt")
    common = ["train", "--data", "nowhere", "--out", str(tmp_path / "out"), "--start"]
    for more, told in (
        (["none.pt", "--size", "large"], "no none.pt: give last.pt of a training of --size small"),
        (["none.pt"], "begins a training of --size large anew"),
        (["none.pt", "--size", "large", "--resume"], "leave out --resume"),
    ):
        monkeypatch.setattr(sys, "argv", [*common, *more])
        with pytest.raises(SystemExit):
            train.main()
        assert told in capsys.readouterr().err


def test_the_rate_rises_then_falls() -> None:
    trainer = train.Trainer("small", 1e-3, 0.3, 1)

    def rate(steps: int, spent: float) -> float:
        trainer.steps = steps
        trainer.set_rate(spent)
        return float(trainer.optimiser.param_groups[0]["lr"])

    assert rate(0, 0.0) == pytest.approx(1e-5)
    assert rate(500, 0.0) == pytest.approx(1e-3)
    assert rate(500, 0.5) == pytest.approx(1e-3 * (1 + train.LEAST_RATE) / 2)
    assert rate(500, 1.0) == pytest.approx(1e-3 * train.LEAST_RATE)


def test_a_checkpoint_is_taken_up_again(tmp_path: Path) -> None:
    one, path = train.Trainer("small", 1e-2, 0.3, 1), tmp_path / "last.pt"
    for _ in range(3):
        one.step(batch(2))
    one.spent_s = 7.0
    one.save(path)
    two = train.Trainer("small", 1e-2, 0.1, 2)
    two.resume(path)
    assert (two.steps, two.spent_s, two.noise) == (3, 7.0, 0.3)
    one.generator.manual_seed(3)
    given = batch(2)
    assert one.step(given) == two.step(given)
    for mine, its in zip(one.mean.parameters(), two.mean.parameters(), strict=True):
        assert torch.equal(mine, its)
    assert [each.name for each in tmp_path.iterdir()] == ["last.pt"]


def test_a_checkpoint_of_another_size_is_refused(tmp_path: Path) -> None:
    train.Trainer("small", 1e-3, 0.3, 1).save(tmp_path / "last.pt")
    other = train.Trainer("small", 1e-3, 0.3, 1)
    other.size = "large"
    with pytest.raises(ValueError, match="give --size small"):
        other.resume(tmp_path / "last.pt")


def test_the_command_trains_logs_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path / "shards", 6, 4, (32,))
    out = tmp_path / "out"
    common = ["train", "--data", str(tmp_path / "shards"), "--out", str(out), "--pairs", "2"]
    monkeypatch.setattr(train, "REPORT_STEPS", 1)
    for name in ("KEEP_S", "JUDGE_S"):
        monkeypatch.setattr(train, name, 0.0)
    seconds = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))  # every step takes one
    monkeypatch.setattr(train, "time", clock)
    for minutes, more in (("0.05", []), ("0.1", ["--resume"])):
        monkeypatch.setattr(sys, "argv", [*common, "--minutes", minutes, *more])
        train.main()
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    starts = [line for line in lines if "portraits" in line]
    assert [(s["portraits"], s["judges"]) for s in starts] == [(5, 1), (5, 1)]
    assert [start["steps"] for start in starts] == [0, 3]
    assert (lines[-1]["steps"], lines[-1]["spent_s"]) == (6, 6.0)
    assert lines[-1].keys() >= {"psnr_0", "psnr_1", "psnr_20", "seen_20"}
    assert {"last.pt", "best.pt", "log.jsonl"} == {each.name for each in out.iterdir()}
