// Loads CommonJS packages in a page, unchanged: just enough of Node's resolution for the players.
const cache = new Map();

export function load(name, from = '') {
  const request = new XMLHttpRequest();
  request.open('GET', `/require?${new URLSearchParams({ name, from })}`, false);
  request.send();
  if (request.status !== 200) throw new Error(`no module ${name} from ${from}`);
  const { pathname, search } = new URL(request.responseURL);
  const path = pathname + search;
  if (!cache.has(path)) {
    const module = { exports: {} };
    cache.set(path, module);
    const body = new Function('module', 'exports', 'require', request.responseText);
    body(module, module.exports, (next) => load(next, pathname));
  }
  return cache.get(path).exports;
}
