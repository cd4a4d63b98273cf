import type { Exchange } from '../http/exchange.ts';

/** What a token request says, whichever of XSUAA's forms it has. */
export interface TokenRequest {
  readonly grantType: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly scope: string | undefined;
}

/**
 * Reads the forms that XSUAA takes: everything in a form body; `Authorization: Basic` and the rest in the body; or
 * Basic, the rest in the query and no body at all.
 */
export async function readTokenRequest(exchange: Exchange): Promise<TokenRequest> {
  const body = await exchange.body();
  const isForm = exchange.header('content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded');
  const form = new URLSearchParams(isForm === true ? body.toString('utf8') : '');
  const parameter = (name: string): string | undefined => form.get(name) ?? exchange.query.get(name) ?? undefined;
  const basic = basicCredentials(exchange);
  return {
    grantType: parameter('grant_type'),
    clientId: basic?.id ?? parameter('client_id'),
    clientSecret: basic?.secret ?? parameter('client_secret'),
    scope: parameter('scope'),
  };
}

/** Unlike RFC 6749, section 2.3.1, XSUAA takes id and secret raw, unless the client says that it has encoded them. */
function basicCredentials(exchange: Exchange): { id: string; secret: string } | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(exchange.header('authorization') ?? '')?.[1];
  if (encoded === undefined) {
    return undefined;
  }
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const decode = exchange.header('x-cf-encoded-credentials') === 'true' ? percentDecode : (text: string) => text;
  return { id: decode(id), secret: decode(rest.join(':')) };
}

/** Text that is not percent-encoded properly stays as it is: it matches no client. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
