from playwright.async_api import Page


async def test_the_wall_goes_on_in_the_colours_of_the_pictures_edges(library: Page) -> None:
    pixels = await library.evaluate(
        """async () => {
          const { paintEdges } = await import('/static/backdrop.js');
          const picture = new OffscreenCanvas(100, 100);
          const draw = picture.getContext('2d');
          draw.fillStyle = 'rgb(200, 0, 0)'; draw.fillRect(0, 0, 50, 100);
          draw.fillStyle = 'rgb(0, 0, 200)'; draw.fillRect(50, 0, 50, 100);
          const wall = new OffscreenCanvas(2, 16);
          paintEdges(picture, 100, 100, wall);
          const at = (x, y) => [...wall.getContext('2d').getImageData(x, y, 1, 1).data];
          return [at(0, 8), at(1, 8)];
        }"""
    )
    assert pixels == [[200, 0, 0, 255], [0, 0, 200, 255]]
