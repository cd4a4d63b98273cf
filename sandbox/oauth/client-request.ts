import type { Exchange } from '../http/exchange.ts';

/** A request for a token, whichever of the usual forms it has (RFC 6749, sections 2.3.1 and 4.4.2). */
export interface ClientRequest {
  readonly grantType: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly audience: string | undefined;
}

/** Reads a form or, as Auth0 takes it, JSON; id and secret may stand in a Basic header, form-encoded. */
export async function readClientRequest(exchange: Exchange): Promise<ClientRequest> {
  const text = (await exchange.body()).toString('utf8');
  const isJson = exchange.header('content-type')?.startsWith('application/json') === true;
  const fields = isJson ? jsonFields(text) : Object.fromEntries(new URLSearchParams(text));
  const [id, secret] = basicCredentials(exchange.header('authorization'));
  return {
    grantType: fields['grant_type'],
    clientId: id ?? fields['client_id'],
    clientSecret: secret ?? fields['client_secret'],
    audience: fields['audience'],
  };
}

function jsonFields(text: string): Record<string, string> {
  try {
    const fields = Object.entries(JSON.parse(text) as Record<string, unknown>);
    return Object.fromEntries(fields.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  } catch {
    return {};
  }
}

function basicCredentials(authorization = ''): [id?: string, secret?: string] {
  const encoded = /^Basic +(\S+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) {
    return [];
  }
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const decode = (part: string): string => new URLSearchParams(`x=${part}`).get('x') ?? '';
  return [decode(id), decode(secret)];
}
