import { bodyElements, bodyFields } from './body-fields.js';
import { send, takeCredential } from './caller.js';
import { byId, element, problemElement, scrollable } from './elements.js';
import { curlLine, tryIt } from './try-it.js';

/* The API page: what /openapi.json says to this caller, as sections that open. */

/**
 * @typedef {import('./try-it.js').Field} Field
 * @typedef {import('./try-it.js').Parameter} Parameter
 * @typedef {import('./try-it.js').Trial} Trial
 * @typedef {Record<string, unknown>} Loose
 * @typedef {{ operationId: string, summary?: string, description?: string, tags?: string[],
 *   'x-effect'?: string, 'x-authority'?: string[], parameters?: (Parameter & { $ref?: string })[],
 *   requestBody?: import('./body-fields.js').RequestBody,
 *   responses: Record<string, { $ref?: string, description?: string, content?: Record<string, { example?: unknown, examples?: Loose }> }>
 * }} Operation
 * @typedef {{ tags: { name: string, description?: string }[], paths: Record<string, Record<string, Operation>>,
 *   components: Loose }} ApiDocument
 */

/** @type {ApiDocument | undefined} */
let api;

byId('credential', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  takeCredential();
  void openDocument();
});

byId('search', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
byId('search-text', HTMLInputElement).addEventListener('input', showMatches);

/** Fetches the document with the credential that was typed. */
async function openDocument() {
  const state = byId('state', HTMLElement);
  state.replaceChildren('Loading …');
  try {
    const response = await send('/openapi.json');
    if (!response.ok) {
      state.replaceChildren(problemElement(await response.json()));
      return;
    }
    api = /** @type {ApiDocument} */ (await response.json());
    showServices();
    state.replaceChildren('Opened.');
  } catch {
    state.replaceChildren('No answer came: the connection broke, or the server is away.');
  }
}

function showServices() {
  if (!api) return;
  const { tags, paths } = api;
  const sections = tags.map(({ name, description }) => {
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags?.includes(name))
        .map(([method, operation]) => operationElement(method.toUpperCase(), path, operation)),
    );
    return element(
      'section',
      {},
      element('h2', {}, name),
      element('p', { class: 'quiet' }, description ?? ''),
      ...routes,
    );
  });
  byId('services', HTMLElement).replaceChildren(...sections);
  byId('search', HTMLFormElement).hidden = false;
  showMatches();
}

/** Hides the routes in which a word of the search does not occur. */
function showMatches() {
  const words = byId('search-text', HTMLInputElement).value.toLowerCase().split(/\s+/);
  for (const section of document.querySelectorAll('section')) {
    let shown = 0;
    for (const route of section.querySelectorAll('details.operation')) {
      const text = route.querySelector('summary')?.textContent?.toLowerCase() ?? '';
      const matches = words.every((word) => text.includes(word));
      if (route instanceof HTMLElement) route.hidden = !matches;
      shown += matches ? 1 : 0;
    }
    section.hidden = shown === 0;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Operation} operation
 */
function operationElement(method, path, operation) {
  const body = element('div');
  const details = element(
    'details',
    { class: 'operation', id: operation.operationId },
    element(
      'summary',
      {},
      element('span', { class: `method ${operation['x-effect'] ?? 'read'}` }, method),
      element('code', {}, path),
      element('span', { class: 'quiet' }, operation.summary ?? ''),
    ),
    body,
  );
  // What is inside is made when somebody looks: there may be hundreds of routes.
  details.addEventListener('toggle', () => fillOperation(body, method, path, operation), { once: true });
  return details;
}

/**
 * @param {HTMLElement} place
 * @param {string} method
 * @param {string} path
 * @param {Operation} operation
 */
function fillOperation(place, method, path, operation) {
  const fields = (operation.parameters ?? []).map((parameter) => fieldOf(operation, resolved(parameter)));
  const { requestBody } = operation;
  const body = requestBody && bodyFields(operation.operationId, requestBody);
  /** @type {Trial} */
  const trial = { method, path, fields, body };
  const answer = element('div', { role: 'status' });
  const curl = element('pre', { tabindex: '0', role: 'region', 'aria-label': 'The same for curl' });
  const showCurl = () => curl.replaceChildren(curlLine(trial));
  const form = element(
    'form',
    {},
    ...(fields.length > 0
      ? [element('h3', {}, 'Parameters'), element('div', { class: 'fields' }, ...fields.map(labelled))]
      : []),
    ...(requestBody && body ? [element('h3', {}, 'Body'), ...bodyElements(requestBody, body)] : []),
    element('h3', {}, 'Try it'),
    ...(operation['x-effect'] === 'start' ? [element('p', { class: 'quiet' }, 'This happens for real.')] : []),
    element('button', { type: 'submit' }, `Send ${method}`),
  );
  form.addEventListener('input', showCurl);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void tryIt(trial, answer);
  });
  showCurl();
  place.replaceChildren(
    element('p', {}, operation.description ?? ''),
    form,
    answer,
    element('h3', {}, 'curl'),
    curl,
    element('h3', {}, 'Answers'),
    answersTable(operation),
  );
}

/**
 * @param {Operation} operation
 * @param {Parameter} parameter
 * @returns {Field}
 */
function fieldOf({ operationId }, parameter) {
  const input = document.createElement(parameter.style === 'form' ? 'textarea' : 'input');
  input.id = `${operationId}.${parameter.in}.${parameter.name}`;
  input.required = parameter.required ?? false;
  if (parameter.style === 'form') input.placeholder = 'name=value, one per line';
  else input.placeholder = parameter.schema?.examples?.[0] ?? '';
  input.autocomplete = 'off';
  input.setAttribute('aria-describedby', `${input.id}.text`);
  return { parameter, input };
}

/** @param {Field} field */
function labelled({ parameter, input }) {
  return element(
    'div',
    {},
    element('label', { for: input.id }, `${parameter.name} (${parameter.in}${parameter.required ? ', required' : ''})`),
    input,
    element('div', { class: 'quiet', id: `${input.id}.text` }, parameter.description ?? ''),
  );
}

/** @param {Operation} operation */
function answersTable({ responses }) {
  const rows = Object.entries(responses).map(([status, reference]) => {
    const response = resolved(reference);
    const contents = Object.values(response.content ?? {});
    const codes = contents.flatMap(({ examples }) => Object.keys(examples ?? {}));
    const example = contents.map((content) => content.example).find((one) => one !== undefined);
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, status),
      element(
        'td',
        {},
        ...(codes.length > 0 ? codes.flatMap(problemLink) : [response.description ?? '']),
        ...(example === undefined ? [] : [scrollable(JSON.stringify(example, undefined, 2), `Example of ${status}`)]),
      ),
    );
  });
  return element('table', {}, element('tbody', {}, ...rows));
}

/**
 * @param {string} code
 * @returns {(Node | string)[]}
 */
function problemLink(code) {
  return [element('a', { href: `/problems/${code}` }, code), ' '];
}

/**
 * What a reference within the document stands for.
 *
 * @template Part
 * @param {Part & { $ref?: string }} part
 * @returns {Part}
 */
function resolved(part) {
  if (part.$ref === undefined) return part;
  /** @type {unknown} */
  let found = api;
  for (const name of part.$ref.slice(2).split('/')) found = /** @type {Loose | undefined} */ (found)?.[name];
  return /** @type {Part} */ (found);
}
