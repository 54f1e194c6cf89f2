// An authorization server that is not Actionbay's, with a small API behind it.
//
//     node server.mjs '{"redirectUri": "http://localhost:8976/callback"}'
//
// It listens on a free port of the loopback address and prints one line of JSON: its URL, the client's id and
// secret. It ends when its standard input does. Beside what an authorization server has, there are:
//
//     GET  /api/me   who the bearer token is for; 401 where the provider no longer knows the token
//     GET  /_log     what was asked for and what was answered, in order
//     POST /_clock   goes forward by the seconds in the body
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { advance } from './clock.mjs';
import { apiOf } from './api.mjs';
import { providerAt } from './provider.mjs';

// The provider warns that it is set up for a test, which it is.
console.info = () => {};
console.warn = () => {};

const settings = {
  clientId: 'actionbay',
  clientSecret: 'a secret with %41, +, : and &',
  clientAuthentication: 'client_secret_post',
  accessTokenSeconds: 600,
  ...JSON.parse(process.argv[2]),
};
const log = [];

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = providerAt(url, settings, log);
  const routes = {
    'GET /api/me': apiOf(provider, log),
    'GET /_log': (request, response) => response.end(JSON.stringify(log)),
    'POST /_clock': async (request, response) => {
      advance(Number(await text(request)));
      response.end();
    },
  };
  const ofProvider = provider.callback();
  server.on('request', (request, response) => {
    const route = routes[`${request.method} ${request.url}`] ?? ofProvider;
    route(request, response);
  });
  console.log(JSON.stringify({ url, clientId: settings.clientId, clientSecret: settings.clientSecret }));
});

process.stdin.resume().on('end', () => process.exit());
