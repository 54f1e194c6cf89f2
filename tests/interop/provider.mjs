// How the provider is set up, and what is noted of what it does.
import { randomBytes } from 'node:crypto';

import { Provider } from 'oidc-provider';

const DAY = 24 * 60 * 60;

export function providerAt(url, settings, log) {
  const provider = new Provider(url, {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        token_endpoint_auth_method: settings.clientAuthentication,
        redirect_uris: [settings.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: ['offline_access', 'use'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    cookies: { keys: [randomBytes(32).toString('hex')] },
    ttl: {
      AccessToken: settings.accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 30 * DAY,
      Interaction: DAY,
      RefreshToken: 30 * DAY,
      Session: DAY,
    },
  });
  note(provider, log);
  return provider;
}

// Token requests with the names of their fields and the reason of a refusal, and grants that are over.
function note(provider, log) {
  const request = ({ oidc, headers }) => ({
    grant: oidc.body?.grant_type,
    fields: Object.keys(oidc.body ?? {}).sort(),
    authorization: headers.authorization?.split(' ')[0],
  });
  provider.on('grant.success', (ctx) => log.push({ event: 'granted', ...request(ctx) }));
  provider.on('grant.error', (ctx, error) => {
    log.push({ event: 'refused', ...request(ctx), error: error.error, detail: error.error_detail });
  });
  provider.on('grant.revoked', () => log.push({ event: 'revoked' }));
}
