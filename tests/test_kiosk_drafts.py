"""Drafts: one photo at a time, in memory, forgotten in time."""

import asyncio

import pytest

from engine.portrait.onboard import Wishes
from kiosk.api import ProblemError
from kiosk.drafts import LIFE_S, MAX_DRAFTS, Draft, Drafts
from kiosk.memory_file import MemoryFile
from tests.fake_bakery import BLURRED, DARK, SHEET, FakeBakery
from tests.fakes import run_virtual
from tests.kiosk_client import FakeAvatars

BAD = b"bad"
"""Ends without a thread, which virtual time would not wait for."""


async def begin(drafts: Drafts, photo: bytes = b"good", *, force: bool = False) -> Draft:
    with MemoryFile(photo) as file:
        return await drafts.begin(file, Wishes(force=force))


async def finished(draft: Draft) -> Draft:
    assert draft.work is not None
    await draft.work
    return draft


async def test_a_good_photo_is_lent_when_it_is_baked() -> None:
    avatars, bakery = FakeAvatars(), FakeBakery()
    drafts = Drafts(avatars, bakery.bake)
    bakery.go_on.clear()
    draft = await begin(drafts)
    assert draft.answer().state == "baking"
    assert avatars.lent == {}
    with pytest.raises(ProblemError) as early:
        draft.baked()
    assert early.value.problem.code == "draft_not_ready"
    bakery.go_on.set()
    await finished(draft)
    assert draft.answer().state == "ready"
    assert avatars.lent == {draft.avatar: draft.rig}
    assert draft.baked().sheet_jpg == SHEET
    assert bakery.running == 0


async def test_a_refusal_leaves_nothing_and_the_next_may_come() -> None:
    drafts = Drafts(FakeAvatars(), FakeBakery().bake)
    with pytest.raises(ProblemError) as refusal:
        await begin(drafts, b"dark")
    assert refusal.value.problem.model_dump()["findings"] == [
        DARK.model_dump(),
        BLURRED.model_dump(),
    ]
    assert len(drafts) == 0
    forced = await begin(drafts, b"dark", force=True)
    assert forced.findings == [DARK]


def test_two_at_once_are_one_too_many() -> None:
    async def work() -> None:
        bakery = FakeBakery()
        drafts = Drafts(FakeAvatars(), bakery.bake)
        bakery.go_on.clear()
        first = await begin(drafts, BAD)
        with pytest.raises(ProblemError) as refusal:
            await begin(drafts, BAD)
        problem = refusal.value.problem
        assert (problem.status, problem.code) == (409, "photo_in_work")
        bakery.go_on.set()
        await finished(first)
        await finished(await begin(drafts, BAD))

    run_virtual(work)


def test_one_that_is_given_up_makes_way_for_the_next() -> None:
    async def work() -> None:
        bakery = FakeBakery()
        drafts = Drafts(FakeAvatars(), bakery.bake)
        bakery.look_on.clear()
        given_up = asyncio.create_task(begin(drafts, BAD))
        await asyncio.sleep(1)
        following = asyncio.create_task(begin(drafts, BAD))
        await asyncio.sleep(1)
        assert bakery.running == 1
        given_up.cancel()
        await asyncio.wait((given_up,))
        bakery.look_on.set()
        await finished(await following)
        assert (len(drafts), bakery.running, len(bakery.wishes)) == (1, 0, 2)

    run_virtual(work)


@pytest.mark.parametrize("photo", [b"bad", b"rubbish"])
async def test_what_fails_while_it_is_baked_is_told_by_its_state(photo: bytes) -> None:
    avatars = FakeAvatars()
    drafts = Drafts(avatars, FakeBakery().bake)
    draft = await finished(await begin(drafts, photo))
    answer = drafts.get(draft.id).answer()
    assert answer.state == "failed"
    assert answer.problem is not None and answer.problem.code == "baking_failed"
    assert avatars.lent == {}


async def test_a_draft_that_is_dropped_ends_its_work() -> None:
    avatars, bakery = FakeAvatars(), FakeBakery()
    drafts = Drafts(avatars, bakery.bake)
    bakery.go_on.clear()
    draft = await begin(drafts)
    await drafts.drop(draft.id)
    assert bakery.running == 0
    assert avatars.forgotten == [draft.avatar]
    with pytest.raises(ProblemError) as refusal:
        drafts.get(draft.id)
    assert (refusal.value.problem.status, refusal.value.problem.code) == (404, "unknown_draft")
    bakery.go_on.set()
    await finished(await begin(drafts))


async def test_the_oldest_makes_room() -> None:
    avatars = FakeAvatars()
    drafts = Drafts(avatars, FakeBakery().bake)
    made = [await finished(await begin(drafts)) for _ in range(MAX_DRAFTS + 1)]
    assert len(drafts) == MAX_DRAFTS == len(avatars.lent)
    assert avatars.forgotten == [made[0].avatar]
    await drafts.aclose()
    assert len(drafts) == 0 and avatars.lent == {}


def test_a_draft_that_nobody_asks_about_is_forgotten() -> None:
    async def work() -> None:
        avatars = FakeAvatars()
        drafts = Drafts(avatars, FakeBakery().bake)
        draft = await begin(drafts)
        await asyncio.sleep(LIFE_S - 1)
        drafts.get(draft.id)
        await asyncio.sleep(LIFE_S - 1)
        assert len(drafts) == 1
        await asyncio.sleep(2)
        assert len(drafts) == 0
        assert avatars.forgotten == [draft.avatar]

    run_virtual(work)
