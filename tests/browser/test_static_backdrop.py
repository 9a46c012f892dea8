from typing import Any

from playwright.async_api import Page

PICTURE = """
  const m = await import('/static/backdrop.js');
  const picture = new OffscreenCanvas(100, 100);
  const draw = picture.getContext('2d');
  draw.fillStyle = 'rgb(200, 0, 0)'; draw.fillRect(0, 0, 50, 100);
  draw.fillStyle = 'rgb(0, 0, 200)'; draw.fillRect(50, 0, 50, 100);
  const size = { width: 100, height: 100 };
  const pixel = (canvas, x, y) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];
"""


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(f"async () => {{ {PICTURE} {body} }}")


async def test_the_wall_goes_on_in_the_colours_of_the_pictures_edges(library: Page) -> None:
    pixels = await call(
        library,
        """const wall = new OffscreenCanvas(2, 32);
           m.paintWall(picture, size, wall);
           return [pixel(wall, 0, 16), pixel(wall, 1, 16)];""",
    )
    assert pixels == [[200, 0, 0, 255], [0, 0, 200, 255]]


async def test_above_and_below_the_picture_its_outer_rows_go_on(library: Page) -> None:
    pixels = await call(
        library,
        """draw.fillStyle = 'rgb(0, 90, 0)'; draw.fillRect(0, 0, 100, 10);
           const wall = new OffscreenCanvas(2, 32);
           m.paintWall(picture, size, wall, { top: 0.5, bottom: 0.75 });
           return [pixel(wall, 0, 2), pixel(wall, 0, 20), pixel(wall, 0, 30)];""",
    )
    assert pixels == [[0, 90, 0, 255], [200, 0, 0, 255], [200, 0, 0, 255]]


async def test_a_strip_fades_from_the_edge_inwards(library: Page) -> None:
    alphas = await call(
        library,
        """return ['left', 'right'].map((side) => {
             const strip = new OffscreenCanvas(32, 32);
             m.paintStrip(picture, size, strip, side);
             return [0, 16, 31].map((x) => pixel(strip, x, 16)[3]);
           });""",
    )
    left, right = alphas
    assert left[0] > 240 > left[1] > 100 > left[2]
    assert left == right[::-1] or abs(left[0] - right[2]) < 10
