import { element } from './elements.js';

/* The body of one operation: its text, its files, and what becomes of them. */

/**
 * @typedef {{ description?: string, content: Record<string, { example?: unknown, schema?: {
 *   properties?: Record<string, { contentMediaType?: string }> } }> }} RequestBody
 * @typedef {{ name: string, input: HTMLInputElement }} FileField
 *   `name` is that of its part of a form; without one the file is the whole body
 * @typedef {{ text: HTMLTextAreaElement, contentType: HTMLInputElement | undefined, files: FileField[] }} BodyFields
 * @typedef {{ type: string | undefined, content: string | File | FormData | undefined, curl: [option: string, value: string][] }} Body
 *   `type` is missing where the browser knows it better; `curl` is what sends the same from a shell
 */

const JSON_TYPE = 'application/json';

/**
 * @param {string} id of the operation
 * @param {RequestBody} requestBody
 * @returns {BodyFields}
 */
export function bodyFields(id, { content }) {
  const text = document.createElement('textarea');
  text.spellcheck = false;
  const { example } = content[JSON_TYPE] ?? {};
  text.value = example === undefined ? '{}' : JSON.stringify(example, undefined, 2);
  const parts = Object.entries(content['multipart/form-data']?.schema?.properties ?? {});
  const names = parts.filter(([, { contentMediaType }]) => contentMediaType !== undefined).map(([name]) => name);
  if (!('*/*' in content)) return { text, contentType: undefined, files: names.map((name) => fileField(id, name)) };
  const contentType = document.createElement('input');
  contentType.value = JSON_TYPE;
  const whole = fileField(id, '');
  whole.input.addEventListener('input', () => {
    const file = chosen(whole);
    text.disabled = file !== undefined;
    contentType.value = file === undefined ? JSON_TYPE : file.type || 'application/octet-stream';
  });
  return { text, contentType, files: [whole] };
}

/**
 * @param {string} id
 * @param {string} name
 * @returns {FileField}
 */
function fileField(id, name) {
  const input = document.createElement('input');
  input.type = 'file';
  input.id = `${id}.file.${name}`;
  input.setAttribute('aria-describedby', `${input.id}.text`);
  return { name, input };
}

/**
 * @param {RequestBody} requestBody
 * @param {BodyFields} fields
 * @returns {HTMLElement[]}
 */
export function bodyElements({ description }, { text, contentType, files }) {
  return [
    element('label', {}, description ?? 'JSON', text),
    ...files.map(fileElement),
    ...(contentType ? [element('label', {}, 'Content type', contentType)] : []),
  ];
}

/** @param {FileField} field */
function fileElement({ name, input }) {
  const label = name === '' ? 'File in place of the text' : `${name} (file)`;
  const leaveOut = element('button', { type: 'button', hidden: true }, name === '' ? 'Send the text' : 'Leave it out');
  leaveOut.setAttribute('aria-label', `${leaveOut.textContent}, not the file ${name}`.trim());
  input.addEventListener('input', () => {
    leaveOut.hidden = input.files?.length === 0;
  });
  leaveOut.addEventListener('click', () => {
    input.value = '';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.focus();
  });
  return element(
    'div',
    { class: 'file' },
    element('label', { for: input.id }, label),
    input,
    leaveOut,
    element(
      'div',
      { class: 'quiet', id: `${input.id}.text` },
      name === '' ? 'Its bytes are the body.' : 'With a file the body is a form, and the JSON its part "variables".',
    ),
  );
}

/** @param {FileField} field */
function chosen({ input }) {
  return input.files?.[0];
}

/**
 * What is sent now.
 *
 * @param {BodyFields} fields
 * @returns {Body}
 */
export function bodyOf({ text, contentType, files }) {
  const value = text.value.trim() === '' ? undefined : text.value;
  const [{ file, name } = { file: undefined, name: '' }] = withFiles(files);
  if (file === undefined)
    return {
      type: value && (contentType?.value.trim() || JSON_TYPE),
      content: value,
      curl: value === undefined ? [] : [['-d', value]],
    };
  if (name !== '') return formOf(value ?? '{}', withFiles(files));
  return { type: contentType?.value.trim() || file.type, content: file, curl: [['--data-binary', `@${file.name}`]] };
}

/**
 * @param {FileField[]} fields
 * @returns {{ name: string, file: File }[]}
 */
function withFiles(fields) {
  return fields.flatMap((field) => {
    const file = chosen(field);
    return file === undefined ? [] : [{ name: field.name, file }];
  });
}

/**
 * The variables first: they announce the files that come.
 *
 * @param {string} text
 * @param {{ name: string, file: File }[]} files
 * @returns {Body}
 */
function formOf(text, files) {
  const names = files.map(({ name }) => name);
  const variables = announcing(text, names);
  const form = new FormData();
  form.append('variables', variables);
  for (const { name, file } of files) form.append(name, file);
  const escaped = (/** @type {string} */ path) => path.replaceAll(/["\\]/g, String.raw`\$&`);
  return {
    type: undefined,
    content: form,
    curl: [
      ['--form-string', `variables=${variables}`],
      ...files.map(({ name, file }) => /** @type {[string, string]} */ (['-F', `${name}=@"${escaped(file.name)}"`])),
    ],
  };
}

/**
 * Puts `null` in the place of each file, as text: a number keeps its digits.
 *
 * @param {string} text
 * @param {string[]} names
 */
function announcing(text, names) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return text; // Let the server say what is wrong.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return text;
  const missing = names.filter((name) => !Object.hasOwn(value, name)).map((name) => `${JSON.stringify(name)}:null`);
  if (missing.length === 0) return text;
  const rest = Object.keys(value).length === 0 ? '' : ',';
  return text.replace('{', () => `{${missing.join(',')}${rest}`);
}
