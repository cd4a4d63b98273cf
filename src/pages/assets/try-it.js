import { bodyOf } from './body-fields.js';
import { credentialForShell, send } from './caller.js';
import { element, problemElement, scrollable } from './elements.js';
import { indentedJson } from './json-text.js';

/* Sending one operation from the page. The request goes to the server that the page came from, whatever `servers` says. */

/**
 * @typedef {{ name: string, in: string, required?: boolean, description?: string, style?: string,
 *   schema?: { examples?: string[] } }} Parameter
 * @typedef {{ parameter: Parameter, input: HTMLInputElement | HTMLTextAreaElement }} Field
 * @typedef {{ method: string, path: string, fields: Field[],
 *   body: import('./body-fields.js').BodyFields | undefined }} Trial
 */

/** Of a longer answer only the beginning is shown. */
const SHOWN_CHARACTERS = 200_000;

/**
 * @param {Trial} trial
 * @returns {{ path: string, method: string, headers: Record<string, string>, body: string | File | FormData | undefined,
 *   curlBody: [option: string, value: string][] }}
 */
function requestOf({ method, path, fields, body }) {
  const query = new URLSearchParams();
  /** @type {Record<string, string>} */
  const headers = {};
  let filled = path;
  for (const { parameter, input } of fields) {
    const value = input.value.trim();
    if (parameter.in === 'path') filled = filled.replace(`{${parameter.name}}`, pathValue(parameter.name, value));
    else if (value === '') continue;
    else if (parameter.in === 'header') headers[parameter.name] = value;
    else if (parameter.style === 'form') for (const [name, one] of pairsOf(value)) query.append(name, one);
    else query.append(parameter.name, value);
  }
  const { type, content, curl } = body ? bodyOf(body) : { type: undefined, content: undefined, curl: [] };
  if (type !== undefined) headers['content-type'] = type;
  const search = query.size > 0 ? `?${query}` : '';
  return { path: filled + search, method, headers, body: content, curlBody: curl };
}

/**
 * @param {string} name
 * @param {string} value
 */
function pathValue(name, value) {
  return name === 'rest' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
}

/**
 * Lines of `name=value`.
 *
 * @param {string} lines
 * @returns {[string, string][]}
 */
function pairsOf(lines) {
  return lines
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]);
}

/**
 * The same request for a POSIX shell, with `$KEY` in the place of the credential.
 *
 * @param {Trial} trial
 */
export function curlLine(trial) {
  const { path, method, headers, curlBody } = requestOf(trial);
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return [
    `curl -i -X ${method} -H "${credentialForShell()}"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...curlBody.map(([option, value]) => `${option} ${quoted(value)}`),
    quoted(location.origin + path),
  ].join(' \\\n  ');
}

/**
 * Sends the trial and shows what comes.
 *
 * @param {Trial} trial
 * @param {HTMLElement} place
 */
export async function tryIt(trial, place) {
  const { path, method, headers, body } = requestOf(trial);
  const startMs = performance.now();
  place.replaceChildren(element('p', {}, 'Sent; waiting for the answer …'));
  try {
    const response = await send(path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    place.replaceChildren(...answerElements(response, text, performance.now() - startMs));
  } catch {
    place.replaceChildren(
      element('p', { class: 'bad' }, 'No answer came: the connection broke, or the server is away.'),
    );
  }
}

/**
 * @param {Response} response
 * @param {string} text
 * @param {number} elapsedMs
 */
function answerElements(response, text, elapsedMs) {
  const state = `${response.status} ${response.statusText}, after ${Math.round(elapsedMs)} ms`;
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  return [
    element('p', { class: response.ok ? 'good' : 'bad' }, element('strong', { 'data-status': '' }, state)),
    ...(isProblem(response) ? [problemElement(JSON.parse(text))] : []),
    ...(text === '' ? [] : [scrollable(indentedJson(text).slice(0, SHOWN_CHARACTERS), 'The body of the answer')]),
    element('details', {}, element('summary', {}, 'Headers'), scrollable(headers, 'The headers of the answer')),
  ];
}

/** @param {Response} response */
function isProblem(response) {
  return response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
}
