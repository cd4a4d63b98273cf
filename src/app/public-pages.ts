import type { Request, Response } from 'express';
import type { Grants } from '../callers/grants.ts';
import type { Config } from '../config/config.ts';
import { documentedApi, reachableApi, type DocumentedApi } from '../pages/documented-api.ts';
import type { HtmlPage } from '../pages/html/html-page.ts';
import { problemFacts, problemPage } from '../pages/html/problem-page.ts';
import { scriptPage } from '../pages/html/script-page.ts';
import { openApiDocument } from '../pages/openapi/openapi-document.ts';
import { postmanCollection } from '../pages/postman/postman-collection.ts';
import { problemTable, type ProblemCode } from '../problems/problem-table.ts';
import type { Admission } from './admission.ts';
import { localsOf } from './exchange.ts';
import { refuseWrites } from './read-only.ts';

/** Answers one page. */
type Answer = (request: Request, response: Response) => Promise<void> | void;

/** A page that was found, with the template that names it in logs. */
interface Found {
  readonly route: string;
  readonly answer: Answer;
}

/** What is made from the operation tables and the problem table, beside the services. */
export type PublicPages = (segments: readonly string[]) => Answer | undefined;

/**
 * The pages and documents of this configuration. The pages hold no data and need no credential; the documents show what
 * their caller may call. The order of the checks is that of `/api`: credential, method.
 *
 * @returns what answers a path; `undefined` where there is no such page
 */
export function createPublicPages(config: Config, admit: Admission): PublicPages {
  const api = documentedApi(config);
  const pages = new Map<string, Answer>([
    ['docs', htmlAnswer(scriptPage('docs'))],
    ['console', htmlAnswer(scriptPage('console'))],
    ['openapi.json', documentAnswer(api, openApiDocument, admit)],
    ['postman.json', documentAnswer(api, postmanCollection, admit)],
  ]);
  return (segments) => {
    const found = find(pages, segments);
    return found && answering(found);
  };
}

function find(pages: ReadonlyMap<string, Answer>, segments: readonly string[]): Found | undefined {
  const [first = '', second] = segments;
  if (segments.length === 1) {
    const answer = pages.get(first);
    return answer && { route: `/${first}`, answer };
  }
  if (segments.length !== 2 || first !== 'problems' || second === undefined || !isCode(second)) return undefined;
  return { route: '/problems/:code', answer: problemAnswer(second) };
}

function answering({ route, answer }: Found): Answer {
  return (request, response) => {
    localsOf(response).record.route = route;
    return answer(request, response);
  };
}

/** A document of what its caller may call, made once for each way of being granted something. */
function documentAnswer(
  api: DocumentedApi,
  makeDocument: (api: DocumentedApi) => Record<string, unknown>,
  admit: Admission,
): Answer {
  const made = new WeakMap<Grants, Buffer>();
  return async (request, response) => {
    const { grants } = await admit(request, response);
    refuseWrites(request);
    const known = made.get(grants);
    const reachable = () => reachableApi(api, (method, template) => grants.reaches(method, template));
    const document = known ?? Buffer.from(JSON.stringify(makeDocument(reachable())));
    made.set(grants, document);
    send(response, 'application/json', document);
  };
}

/** A page for people, or the same as data for whoever prefers that. */
function problemAnswer(code: ProblemCode): Answer {
  return (request, response) => {
    refuseWrites(request);
    response.vary('Accept');
    if (prefersJson(request)) send(response, 'application/json', Buffer.from(JSON.stringify(problemFacts(code))));
    else sendPage(response, problemPage(code));
  };
}

/** A browser says in some 150 characters what it accepts; taking a longer list apart would cost more than the page. */
const LONGEST_ACCEPT = 1024;

function prefersJson(request: Request): boolean {
  const { accept = '' } = request.headers;
  return accept.length <= LONGEST_ACCEPT && request.accepts(['html', 'json']) === 'json';
}

function htmlAnswer(page: HtmlPage): Answer {
  return (request, response) => {
    refuseWrites(request);
    sendPage(response, page);
  };
}

function sendPage(response: Response, { html, policy }: HtmlPage): void {
  response.setHeader('Content-Security-Policy', policy);
  send(response, 'text/html; charset=utf-8', html);
}

function send(response: Response, contentType: string, body: Buffer): void {
  localsOf(response).record.bytesOut = body.length;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

function isCode(text: string): text is ProblemCode {
  return Object.hasOwn(problemTable, text);
}
