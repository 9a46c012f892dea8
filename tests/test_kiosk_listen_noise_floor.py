import pytest

from kiosk.listen.frames import FRAME_S
from kiosk.listen.noise_floor import HIGHEST_DB, LOWEST_DB, START_DB, NoiseFloor


def hear(floor: NoiseFloor, level_db: float, duration_s: float, speech: bool = False) -> None:
    for _ in range(round(duration_s / FRAME_S)):
        floor.hear(level_db, speech)


def test_it_settles_at_a_room_quieter_or_louder_than_it_thought() -> None:
    for level_db in (-65.0, -35.0):
        floor = NoiseFloor()
        hear(floor, level_db, 5.0)
        assert floor.level_db == pytest.approx(level_db, abs=0.2)


def test_someone_who_speaks_with_pauses_hardly_moves_it() -> None:
    floor = NoiseFloor()
    hear(floor, START_DB, 3.0)
    for _ in range(6):
        hear(floor, -25.0, 1.6, speech=True)
        hear(floor, START_DB, 0.2)
    assert floor.level_db < START_DB + 3.0


def test_what_never_pauses_is_the_room_even_if_it_sounds_like_speech() -> None:
    floor = NoiseFloor()
    hear(floor, -30.0, 2.5, speech=True)
    assert floor.level_db == pytest.approx(-30.0, abs=1.0)


def test_it_stays_within_bounds_and_forgets() -> None:
    floor = NoiseFloor()
    hear(floor, 0.0, 10.0)
    assert floor.level_db == HIGHEST_DB
    hear(floor, -100.0, 60.0)
    assert floor.level_db == LOWEST_DB
    floor.reset()
    assert floor.level_db == START_DB
