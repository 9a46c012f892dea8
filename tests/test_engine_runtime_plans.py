"""The manifest and its plans: found, and refused with a remedy whatever is wrong with them."""

import fcntl
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.runtime import plans
from engine.runtime.plans import (
    LOCK_NAME,
    MANIFEST_NAME,
    PlanEntry,
    Wanted,
    find,
    keep,
    read_manifest,
)
from engine.runtime.tensorrt_library import PlanError

PLAN = b"a plan" * 100
WANTED = Wanted("refiner-small", "ab12", "tensorrt_rtx", "1.7", "8.6", "fp16")


def entry(**changes: object) -> PlanEntry:
    whole = PlanEntry(
        file=plans.file_name(WANTED),
        network="refiner-small",
        model_sha256="ab12",
        flavour="tensorrt_rtx",
        version="1.7",
        capability="8.6",
        precision="fp16",
        ranges={"batch": [1, 1, 8]},
        size_bytes=len(PLAN),
        sha256=plans.sha256(PLAN),
        built_at="2026-01-02T03:04:05+00:00",
        metadata={"side_px": "128"},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    other = entry(network="refiner-large", file="other.plan")
    keep(folder, PLAN, other)
    keep(folder, b"old", entry(sha256="0"))
    keep(folder, PLAN, entry())
    assert find(folder, WANTED) == (folder / entry().file, entry())
    assert [each.file for each in read_manifest(folder)] == ["other.plan", entry().file]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [MANIFEST_NAME, LOCK_NAME, "other.plan", entry().file]
    )


def test_two_that_keep_plans_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    read, write = plans.read_manifest, plans._write

    def try_lock(what: str) -> None:
        with (tmp_path / LOCK_NAME).open("w") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        seen.append(what)

    def reading(folder: Path) -> tuple[PlanEntry, ...]:
        try_lock("read")
        return read(folder)

    def writing(path: Path, content: bytes) -> None:
        try_lock(path.name)
        write(path, content)

    monkeypatch.setattr(plans, "read_manifest", reading)
    monkeypatch.setattr(plans, "_write", writing)
    keep(tmp_path, PLAN, entry())
    assert seen == ["read", entry().file, MANIFEST_NAME]
    with (tmp_path / LOCK_NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is free again


def test_without_a_manifest_there_is_nothing(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == ()
    with pytest.raises(
        PlanError,
        match=r"no plan of refiner-small in .*kiosk plan build --sm 86 --precision fp16 "
        r"--network refiner-small",
    ):
        find(tmp_path, WANTED)


def test_the_remedy_for_a_picture_size_names_it() -> None:
    told = plans.how_to_build(replace(WANTED, network="fast-512x512", capability="12.0"))
    assert told == (
        "kiosk plan build --sm 120 --precision fp16 --network fast-512x512"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"capability": "8.9"}, "compute capability 8.9, this one has 8.6"),
        ({"version": "1.6"}, "built by TensorRT 1.6, 1.7 is installed"),
        ({"flavour": "tensorrt"}, "built by tensorrt, tensorrt_rtx is installed"),
        ({"precision": "fp32"}, "is fp32, fp16 is asked"),
        ({"model_sha256": "cd"}, "was built of another network"),
    ],
)
def test_a_plan_for_something_else_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    keep(tmp_path, PLAN, entry(**changes))
    with pytest.raises(PlanError, match=rf"{words}.*kiosk plan build"):
        find(tmp_path, WANTED)


def test_a_plan_cut_short_changed_or_missing_is_refused(tmp_path: Path) -> None:
    path = keep(tmp_path, PLAN, entry())
    path.write_bytes(PLAN[:-1])
    with pytest.raises(PlanError, match="has 599 of 600 bytes; build it: kiosk plan build"):
        find(tmp_path, WANTED)
    path.write_bytes(PLAN[:-1] + b"x")
    with pytest.raises(PlanError, match="is not what was built; build it"):
        find(tmp_path, WANTED)
    path.unlink()
    with pytest.raises(PlanError, match="No such file"):
        find(tmp_path, WANTED)


def test_a_whole_plan_is_found_beside_refused_ones(tmp_path: Path) -> None:
    keep(tmp_path, PLAN, entry(file="a.plan", version="1.5"))
    keep(tmp_path, PLAN, entry())
    assert find(tmp_path, WANTED)[1] == entry()


def test_a_long_list_of_reasons_is_cut(tmp_path: Path) -> None:
    for n in range(4):
        keep(tmp_path, PLAN, entry(file=f"{n}.plan", version=f"1.{n}"))
    with pytest.raises(PlanError, match="; 2 more; build it"):
        find(tmp_path, WANTED)


def written(folder: Path, told: object) -> None:
    text = told if isinstance(told, str) else json.dumps(told)
    (folder / MANIFEST_NAME).write_text(text)


def whole() -> dict[str, object]:
    return {name: getattr(entry(), name) for name in PlanEntry.__dataclass_fields__}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("{", "is damaged"),
        ("\x00\xff", "is damaged"),
        ([], "of another version"),
        ({"version": 9, "plans": []}, "of another version"),
        ({"version": 1, "plans": {}}, "plans is no list"),
        ({"version": 1, "plans": [7]}, "lacks or adds a field"),
        ({"version": 1, "plans": [{"file": "a"}]}, "lacks or adds a field"),
        ({"version": 1, "plans": [whole() | {"size_bytes": "9"}]}, "size_bytes is '9'"),
        ({"version": 1, "plans": [whole() | {"metadata": None}]}, "metadata is None"),
        ({"version": 1, "plans": [whole() | {"file": "../../etc/x"}]}, "lies elsewhere"),
    ],
)
def test_a_damaged_manifest_is_told_with_its_remedy(
    tmp_path: Path, told: object, words: str
) -> None:
    written(tmp_path, told)
    with pytest.raises(PlanError, match=rf"manifest\.json.*{words}.*build the plans again"):
        read_manifest(tmp_path)
    with pytest.raises(PlanError, match="build the plans again"):
        keep(tmp_path, PLAN, entry())


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).mkdir()
    with pytest.raises(PlanError, match="Is a directory: put it away"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(("text", "is_"), [("86", "8.6"), ("sm120", "12.0"), ("8.9", "8.9")])
def test_cards_are_named_in_any_way(text: str, is_: str) -> None:
    assert plans.capability_of(text) == is_


@pytest.mark.parametrize("text", ["", "8", "x6", "RTX"])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(PlanError, match="is no compute capability: give one such as 86"):
        plans.capability_of(text)
