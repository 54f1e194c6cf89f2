// The API that access tokens are for. Whether a token is good is the provider's own word.

const answer = (response, status, body, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
  return status;
};

async function me(provider, request, response) {
  const [, bearer] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const token = bearer && (await provider.AccessToken.find(bearer));
  if (!token) {
    return answer(response, 401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' });
  }
  if (!token.scopes.has('use')) {
    return answer(response, 403, { error: 'insufficient_scope' });
  }
  return answer(response, 200, { subject: token.accountId, scopes: [...token.scopes] });
}

export function apiOf(provider, log) {
  return async (request, response) => {
    const status = await me(provider, request, response);
    log.push({ event: 'api', status });
  };
}
