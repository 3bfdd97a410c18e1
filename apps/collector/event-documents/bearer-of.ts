/**
 * The `Authorization` header with the token as a bearer. Elasticsearch's own clients can only send an API key (base64 of
 * `id:key`) or a user with a password: the key or the password is then the token.
 */
export function bearerOf(authorization: string | undefined): string | undefined {
  const found = /^(?:ApiKey|Basic) +([A-Za-z0-9+/=_-]{1,4096}) *$/i.exec(authorization ?? '');
  if (!found) return authorization;
  const pair = Buffer.from(found[1] ?? '', 'base64').toString('utf8');
  return `Bearer ${pair.slice(pair.indexOf(':') + 1)}`;
}
