from playwright.async_api import Page


async def test_a_touch_tells_which_topic_and_only_that_one_is_marked(library: Page) -> None:
    seen = await library.evaluate(
        """async () => {
          const { TopicGrid } = await import('/static/topics.js');
          const list = document.createElementNS('http://www.w3.org/1999/xhtml', 'ul');
          const html = document.implementation.createHTMLDocument();
          const create = document.createElement;
          document.createElement = (name) => html.createElement(name);
          const chosen = [];
          const topics = [{ title: 'A', text: 'a' }, { title: 'B', text: 'b' }];
          const grid = new TopicGrid(list, (topic) => chosen.push(topic.text));
          grid.show(topics);
          document.createElement = create;
          const buttons = [...list.querySelectorAll('button')];
          buttons[1].click();
          grid.mark(topics[1]);
          const pressed = buttons.map((button) => button.getAttribute('aria-pressed'));
          return [chosen, pressed, buttons.map((button) => button.textContent)];
        }"""
    )
    assert seen == [["b"], ["false", "true"], ["A", "B"]]
