/* Elements made without any HTML text: what an answer holds is set as text and cannot become markup. */

/**
 * @param {string} name
 * @param {Record<string, string | boolean>} attributes a switch is there or not
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(attribute, '');
    else if (value !== false) made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

/**
 * The element of that id, which the page has.
 *
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * Text that may be larger than its place: reachable by keyboard, so that it can be scrolled.
 *
 * @param {string} text
 * @param {string} label
 */
export function scrollable(text, label) {
  return element('pre', { tabindex: '0', role: 'region', 'aria-label': label }, text);
}

/**
 * What the caller should know of an answer that is a problem.
 *
 * @param {unknown} problem a problem document
 */
export function problemElement(problem) {
  const { title, detail, hint, code } = /** @type {Record<string, string | undefined>} */ (problem ?? {});
  const isCode = code !== undefined && /^[a-z-]{1,64}$/.test(code);
  return element(
    'div',
    { class: 'hint' },
    element('p', {}, element('strong', {}, title ?? 'The request failed'), ` ${detail ?? ''}`),
    element('p', {}, hint ?? ''),
    ...(isCode ? [element('a', { href: `/problems/${code}` }, 'What this means')] : []),
  );
}
