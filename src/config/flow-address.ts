import { bad, good, type Checked } from './checked.ts';
import { hasPlaceholder, withoutQuotes } from './upstream-address.ts';

const ADDRESS_CURE =
  'The address must be the path shown under Endpoints of the deployed flow, starting with /http/ or /cxf/.';

/** Pages of the administration tools, whose addresses are pasted by mistake. */
const TOOL_PAGE = /^\/(?:itspaces|shell|cockpit|api\/v1)(?:\/|$)/i;

/** One segment of a path as RFC 3986 section 3.3 has it. */
const SEGMENT = /^(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;

/**
 * The address of a flow's sender as a path, such as `/http/products`. A complete URL is taken where it begins with the
 * runtime's own address.
 *
 * @param runtime base of the runtime; `undefined` where it is not known, and then only the form is checked
 */
export function parseFlowAddress(text: string, runtime: string | undefined): Checked<string> {
  const pasted = withoutQuotes(text);
  if (hasPlaceholder(pasted)) return bad('still holds a placeholder of a template', ADDRESS_CURE);
  const path = /^https?:\/\//i.test(pasted) ? pathBelow(pasted, runtime) : good(pasted);
  return path.ok ? checkPath(path.value) : path;
}

function pathBelow(pasted: string, runtime: string | undefined): Checked<string> {
  if (!URL.canParse(pasted)) return bad('is not a valid URL', ADDRESS_CURE);
  const url = new URL(pasted);
  if (url.search !== '' || url.hash !== '') return bad('has a query or a fragment', ADDRESS_CURE);
  if (runtime === undefined) return good(url.pathname);
  const base = new URL(runtime);
  const basePath = base.pathname.replace(/\/$/, '');
  if (url.origin !== base.origin || !url.pathname.startsWith(`${basePath}/`)) {
    return bad("does not lie on the runtime of this service's key, or is a page of the cockpit", ADDRESS_CURE);
  }
  return good(url.pathname.slice(basePath.length));
}

function checkPath(text: string): Checked<string> {
  if (!text.startsWith('/')) return bad('does not begin with a slash', ADDRESS_CURE);
  if (/[?#]/.test(text)) return bad('has a query or a fragment', ADDRESS_CURE);
  const path = text.replace(/\/$/, '');
  if (path.endsWith('/*')) {
    return bad('ends with the wildcard of a sender', 'Leave out "/*" and set "subpaths: true" for this flow.');
  }
  if (TOOL_PAGE.test(path)) return bad('is a page of the cockpit or of the monitoring', ADDRESS_CURE);
  const segments = path.slice(1).split('/');
  if (path === '' || !segments.every(isPlainSegment)) return bad('is not a plain path', ADDRESS_CURE);
  if (path === '/http' || path === '/cxf') return bad('names no sender', ADDRESS_CURE);
  return good(path);
}

/** Nothing that a server behind may read as another path: no dots alone, no encoded slash, dot or control character. */
function isPlainSegment(segment: string): boolean {
  return SEGMENT.test(segment) && !/^\.{1,2}$/.test(segment) && !/%(?:2e|2f|5c|25|0|1|7f)/i.test(segment);
}
