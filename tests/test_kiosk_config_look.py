from pathlib import Path

import pytest
from PIL import Image

from engine.synthesis.look import Background, Look
from kiosk.appearance import AppearanceError, check_live
from kiosk.config_sources import ConfigError
from tests.kiosk_client import settings


def test_the_default_look_is_marked() -> None:
    assert settings().look.look() == Look()


def test_backgrounds_are_words_colours_or_files(tmp_path: Path) -> None:
    file = tmp_path / "hall.png"
    Image.new("RGB", (8, 8), "green").save(file)
    expected = {
        "blurred": Background("blurred"),
        "#1F5c4d": Background("colour", "#1F5c4d"),
        str(file): Background("image", image=file.read_bytes()),
        "transparent": Background("transparent"),
    }
    for written, background in expected.items():
        assert settings(look__background=written).look.look().background == background


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("background", "#12345", "#1f5c4d"),
        ("preset", "best", "fast"),
        ("inference_steps", 31, "30"),
        ("mark_position", "middle", "bottom-right"),
        ("mark_text", "a\tb", "one line"),
    ],
)
def test_values_are_refused_at_start(key: str, value: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        settings(**{f"look__{key}": value})
    assert f"--{key.replace('_', '-')}" in str(caught.value)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.jpg.*No such file.*blurred"):
        settings(look__background="absent.jpg").look.look()
    (tmp_path / "words.jpg").write_text("no picture")
    with pytest.raises(ConfigError, match=r"look\.background.*words\.jpg.*no such picture") as bad:
        settings(look__background=str(tmp_path / "words.jpg")).look.look()
    assert "BytesIO" not in str(bad.value)
    (tmp_path / "font.ttf").write_bytes(b"no font")
    with pytest.raises(ConfigError, match=r"mark\.font.*cannot be read"):
        settings(look__mark_font=str(tmp_path / "font.ttf")).look.look()


def test_a_live_picture_cannot_be_transparent() -> None:
    with pytest.raises(AppearanceError, match=r"#00b140.*kiosk render"):
        check_live(settings(look__background="transparent").look.look())
