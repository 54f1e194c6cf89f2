// Says who it acts for: a whole integration in JavaScript.

import { send } from 'integration:action/http@0.1.0';
import { exchangeCode, refreshToken } from 'integration:action/oauth@0.1.0';

const INPUT = { type: 'object', additionalProperties: false };

const OUTPUT = {
  type: 'object',
  properties: {
    subject: { type: 'string' },
    scopes: { type: 'array', items: { type: 'string' } },
  },
  required: ['subject', 'scopes'],
  additionalProperties: false,
};

const oauth2 = {
  authorizationUrl: 'https://auth.example.com/authorize',
  // Offline access is given only where consent is asked for.
  authorizationParameters: [{ name: 'prompt', value: 'consent' }],
  tokenUrl: 'https://auth.example.com/token',
  tokenRequestEncoding: { tag: 'form' },
  clientAuthentication: { tag: 'request-body' },
  pkce: { tag: 's256' },
  defaultScopes: ['use'],
  offlineScope: 'offline_access',
  accountScopes: [],
  tokenErrors: [],
  scopeMismatches: [],
  refreshTokenLeeway: 0,
};

const api = { name: 'api', origin: 'https://api.example.com', pathPrefix: '/api', authorizationOnly: false };

const whoAmI = {
  id: 'who-am-i',
  title: 'Who am I',
  summary: 'Says whose account it acts for.',
  inputSchema: JSON.stringify(INPUT),
  outputSchema: JSON.stringify(OUTPUT),
  scopes: ['use'],
  effect: { tag: 'read' },
  repeatable: true,
  prompts: [],
  utterances: ['Who am I?'],
  requests: [{ audience: 'api', method: { tag: 'get' }, path: '/me', concerns: { tag: 'nothing' }, keeps: [] }],
};

export const action = {
  describe() {
    return {
      id: 'javascript',
      title: 'JavaScript',
      version: '0.1.0',
      summary: 'Shows an integration in JavaScript.',
      authorization: [{ tag: 'oauth2', val: oauth2 }],
      probes: [],
      excludedEditions: [],
      audiences: [api],
      templates: [whoAmI],
    };
  },

  authorize(step) {
    switch (step.tag) {
      case 'begin':
        return { tag: 'redirect', val: [] };
      case 'callback':
        return { tag: 'granted', val: { connection: exchangeCode(), attributes: [] } };
      default:
        throw failure('internal', 'no-sites', 'There is no site to choose.');
    }
  },

  refresh(connection) {
    return refreshToken(connection);
  },

  executeTemplate(_call, connection) {
    const request = {
      audience: 'api',
      method: { tag: 'get' },
      path: '/me',
      query: [],
      headers: [],
      body: { tag: 'none' },
    };
    const response = send(request, connection);
    if (response.status !== 200) {
      const message = `The API answered with the status ${response.status}.`;
      throw failure('upstream', 'api-refused', message, response.status);
    }
    const { subject, scopes } = JSON.parse(new TextDecoder().decode(response.body));
    return JSON.stringify({ subject, scopes });
  },
};

function failure(kind, code, message, upstreamStatus) {
  return { kind: { tag: kind }, code, message, requestSent: false, upstreamStatus };
}
