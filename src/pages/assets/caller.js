import { byId } from './elements.js';

/**
 * The credential that was typed, as the header that carries it: in this variable and nowhere else.
 *
 * @type {Record<string, string>}
 */
let credential = {};

/** Takes the credential out of its form, which is emptied: nothing of it stays in the page. */
export function takeCredential() {
  const kind = byId('credential-kind', HTMLSelectElement).value;
  const field = byId('credential-value', HTMLInputElement);
  const value = field.value.trim();
  field.value = '';
  if (value === '') credential = {};
  else credential = { [kind]: kind === 'authorization' ? `Bearer ${value}` : value };
}

/** The header for a shell, with `$KEY` in the place of the credential. */
export function credentialForShell() {
  return 'authorization' in credential ? 'authorization: Bearer $KEY' : 'x-api-key: $KEY';
}

/**
 * Sends a request to this server, with the credential and without cookies.
 *
 * @param {string} path
 * @param {{ method?: string, headers?: Record<string, string>, body?: string | File | FormData }} init
 */
export function send(path, { method = 'GET', headers = {}, body } = {}) {
  return fetch(path, {
    method,
    headers: { ...headers, ...credential },
    ...(body === undefined ? {} : { body }),
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
  });
}
