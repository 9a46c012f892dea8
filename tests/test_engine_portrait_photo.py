"""Photos as operators bring them: turned, transparent, huge, damaged, or no photos at all."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.portrait import photo
from engine.portrait.photo import PhotoError, read
from tests.portrait_utils import portrait


def pillow() -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(portrait()[..., ::-1]))


def off(path: Path) -> float:
    return float(np.abs(read(path).bgr.astype(int) - portrait()).mean())


@pytest.mark.parametrize(("name", "mode"), [("a.jpg", "RGB"), ("a.png", "RGB"), ("a.webp", "RGB"),
                                            ("a.JPG", "CMYK"), ("a.png", "RGBA")])  # fmt: skip
def test_every_kind_is_read_alike(tmp_path: Path, name: str, mode: str) -> None:
    pillow().convert(mode).save(tmp_path / name)
    assert off(tmp_path / name) < 2


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_photos_are_grey(tmp_path: Path, mode: str) -> None:
    grey = pillow().convert("L")
    if mode == "I;16":
        grey = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    grey.save(tmp_path / "a.png")
    image = read(tmp_path / "a.png").bgr
    assert np.array_equal(image[..., 0], image[..., 2])
    assert 100 < image.mean() < 200


def test_a_photo_is_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x112] = 6
    pillow().rotate(90, expand=True).save(tmp_path / "a.jpg", exif=tags, quality=95)
    assert off(tmp_path / "a.jpg") < 2


def test_what_is_transparent_becomes_neutral_grey(tmp_path: Path) -> None:
    clear = pillow().convert("RGBA")
    clear.putalpha(0)
    clear.save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png").bgr == 128).all()


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_fifty_megapixels_are_scaled_down(tmp_path: Path, name: str) -> None:
    pillow().resize((7100, 7100)).save(tmp_path / name, quality=80, compress_level=1)
    seen = read(tmp_path / name)
    assert 0.95 * photo.WORKING_PIXELS < seen.bgr.shape[0] ** 2 <= photo.WORKING_PIXELS
    assert seen.scale == pytest.approx(seen.bgr.shape[0] / 7100)


def test_a_long_strip_keeps_its_pixels(tmp_path: Path) -> None:
    Image.new("RGB", (16_000, 1024)).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").bgr.shape == (1024, 16_000, 3)


@pytest.mark.parametrize("side", [9000, 11_000, 20_000])
def test_more_are_refused_before_they_are_decoded(tmp_path: Path, side: int) -> None:
    Image.new("L", (side, side)).save(tmp_path / "a.png", compress_level=1)
    with pytest.raises(PhotoError, match=r"too many pixels.*scale it down") as refusal:
        read(tmp_path / "a.png")
    assert refusal.value.code == "too_many_pixels"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"hello", "not_a_photo", "a.jpg is not a photo: give a JPEG"),
        (b"", "not_a_photo", "a.jpg is empty"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "not_a_photo", "HEIC.*save it as JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not_a_photo", "give a JPEG"),
    ],
)
def test_what_is_no_photo_is_named(tmp_path: Path, data: bytes, code: str, words: str) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(PhotoError, match=words) as refusal:
        read(tmp_path / "a.jpg")
    assert refusal.value.code == code


def test_heic_is_read_where_its_library_is(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    heif.register_heif_opener()
    pillow().save(tmp_path / "a.heic", quality=95)
    assert read(tmp_path / "a.heic").bgr.shape == (*pillow().size[::-1], 3)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    pillow().resize((600, 600)).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(share * len(data))])
    with pytest.raises(PhotoError, match=r"save or copy|give a JPEG"):
        read(tmp_path / name)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="No such file"):
        read(tmp_path / "none.jpg")
    with pytest.raises(PhotoError, match="is a folder"):
        read(tmp_path)
