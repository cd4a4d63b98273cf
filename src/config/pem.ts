import { bad, good, type Checked } from './checked.ts';

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+-----END \1-----/;

/** Whether a setting that is "PEM or path" holds the PEM itself. */
export function looksLikePem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

/** A PEM text with real line breaks: keys that went through JSON and shells hold the two characters `\n` instead. */
export function parsePem(text: string): Checked<string> {
  const repaired = text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim();
  if (!PEM.test(repaired)) {
    return bad('is not PEM', 'It begins with "-----BEGIN …-----" and ends with "-----END …-----": copy all of it.');
  }
  return good(`${repaired}\n`);
}
