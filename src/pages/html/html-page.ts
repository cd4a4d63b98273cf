import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A page that loads nothing: its styles and scripts stand in it. */
export interface HtmlPage {
  readonly html: Buffer;
  /** Its Content-Security-Policy: what stands in the page runs, by digest, and nothing else. */
  readonly policy: string;
}

/** What a page is made of. */
export interface PageParts {
  /** With `<link rel="stylesheet">` and `<script type="module">` where `style` and `script` belong. */
  readonly html: string;
  readonly style: string;
  /** A page without a script connects to nothing. */
  readonly script?: string;
}

const STYLE_PLACE = /<link rel="stylesheet"[^>]*>/;
const SCRIPT_PLACE = /<script type="module"[^>]*><\/script>/;

/** Puts the parts together. */
export function htmlPage({ html, style, script }: PageParts): HtmlPage {
  const styled = html.replace(STYLE_PLACE, () => `<style>${style}</style>`);
  const page =
    script === undefined ? styled : styled.replace(SCRIPT_PLACE, () => `<script type="module">${script}</script>`);
  return { html: Buffer.from(page), policy: contentSecurityPolicy(style, script) };
}

/** The text of a file in `assets/`. */
export function readAsset(name: string): string {
  return readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8');
}

/** Nothing from elsewhere, nothing inline but what is meant, no HTML out of text, no frame around it (CSP Level 3). */
function contentSecurityPolicy(style: string, script: string | undefined): string {
  return [
    "default-src 'none'",
    `style-src ${digestSource(style)}`,
    ...(script === undefined ? [] : [`script-src ${digestSource(script)}`, "connect-src 'self'"]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function digestSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
