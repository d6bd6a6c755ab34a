// What the bundled command needs of undici. Its index also loads fetch, WebSocket, caches and mocks, which cost each start
// about 50 ms. The package has no export map, so these paths are reachable; test/e2e runs the bundle.
const Dispatcher = require('../node_modules/undici/lib/dispatcher/dispatcher');

Dispatcher.prototype.request = require('../node_modules/undici/lib/api/api-request');

/** As the index has it, for callers that bring their dispatcher. */
async function request(url, { dispatcher, method = 'GET', ...options }) {
  const { origin, pathname, search } = new URL(url);
  return dispatcher.request({ ...options, method, origin, path: `${pathname}${search}` });
}

module.exports = {
  Agent: require('../node_modules/undici/lib/dispatcher/agent'),
  EnvHttpProxyAgent: require('../node_modules/undici/lib/dispatcher/env-http-proxy-agent'),
  Pool: require('../node_modules/undici/lib/dispatcher/pool'),
  ProxyAgent: require('../node_modules/undici/lib/dispatcher/proxy-agent'),
  request,
};
