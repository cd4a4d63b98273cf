import { isoInstant } from './filter-kinds.ts';
import type { OperationInput, ParamPattern } from './operation.ts';
import { toUpstreamQuery, type Filter, type FilterTable } from './query.ts';

/** A document of ours and the route in front of it. */
export interface WorkflowgenRow {
  readonly id: string;
  readonly path: string;
  readonly summary: string;
  readonly filters?: FilterTable;
  readonly document: (input: OperationInput) => string;
  readonly variables: (input: OperationInput) => Readonly<Record<string, unknown>>;
}

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;
const MAX_PAGE = 1_000_000;

/** A request's number: GraphQL's `Int`, as far as its digits tell. */
export const requestNumber: ParamPattern = { pattern: /^[1-9]\d{0,9}$/, takes: 'the number of a request' };

/** The name of a process. Blanks are among it; nothing that means anything in a URL, a header or a path is. */
export const processName: ParamPattern = {
  pattern: /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N} _.,:()&'+-]{0,253}[\p{L}\p{M}\p{N}_.)+-])?$/u,
  takes: "the name of a process: 1 to 255 letters, digits, blanks and _ . , : ( ) & ' + -, no blank at its end",
};

function count(max: number, description: string): Filter {
  return {
    description,
    repeatable: false,
    toUpstream(value) {
      if (!/^[1-9]\d{0,6}$/.test(value) || Number(value) > max)
        throw new RangeError(`It takes a whole number from 1 to ${max}.`);
      return value;
    },
  };
}

const paging: FilterTable = new Map<string, Filter>([
  ['page', count(MAX_PAGE, 'which page to bring, from 1')],
  ['size', count(MAX_PAGE_SIZE, `how many to bring, at most ${MAX_PAGE_SIZE}; ${DEFAULT_PAGE_SIZE} if not given`)],
  ['createdSince', { description: 'created then or later', repeatable: false, toUpstream: isoInstant }],
]);

function pageOf({ query }: OperationInput): Readonly<Record<string, unknown>> {
  const {
    page = 1,
    size = DEFAULT_PAGE_SIZE,
    createdSince,
  } = Object.fromEntries(toUpstreamQuery(query, paging)) as {
    page?: string;
    size?: string;
    createdSince?: string;
  };
  return { number: Number(page), size: Number(size), ...(createdSince === undefined ? {} : { createdSince }) };
}

/** The field with its page; the filter only where there is something to filter by. */
function paged(input: OperationInput, document: (variables: string, pagedArguments: string) => string): string {
  const page = 'page: { number: $number, size: $size }';
  return pageOf(input)['createdSince'] === undefined
    ? document('$number: Int, $size: Int', page)
    : document('$number: Int, $size: Int, $createdSince: DateTime', `${page}, filter: { createdSince: $createdSince }`);
}

function byNumber({ params }: OperationInput): Readonly<Record<string, unknown>> {
  return { number: Number(params['id']) };
}

const REQUEST_FIELDS = 'id number description status openedAt closedAt requester { id }';
const USER_FIELDS = 'id userName firstName lastName';

/**
 * What can be read without a document of the operator's (docs.advantys.com, "GraphQL API"). Only fields that every
 * version is known to have are asked for; `request(number:)` is taken to exist.
 */
export const workflowgenTable: readonly WorkflowgenRow[] = [
  {
    id: 'list-instances',
    path: '/instances',
    summary: 'Lists requests, page by page',
    filters: paging,
    document: (input) =>
      paged(
        input,
        (variables, page) =>
          `query (${variables}) { requests(${page}) { totalCount hasNextPage items { ${REQUEST_FIELDS} } } }`,
      ),
    variables: pageOf,
  },
  {
    id: 'get-instance',
    path: '/instances/:id',
    summary: 'Reads one request by its number',
    document: () => `query ($number: Int!) { request(number: $number) { ${REQUEST_FIELDS} } }`,
    variables: byNumber,
  },
  {
    id: 'get-instance-context',
    path: '/instances/:id/context',
    summary: 'Reads the dataset of a request',
    document: () =>
      'query ($number: Int!) { request(number: $number) { dataset { items { id name description textValue } } } }',
    variables: byNumber,
  },
  {
    id: 'list-tasks',
    path: '/tasks',
    summary: 'Lists the open actions of the user for whom the service acts, page by page',
    filters: paging,
    document: (input) =>
      paged(
        input,
        (variables, page) =>
          `query (${variables}) { viewer { actions(${page}) { totalCount hasNextPage hasPreviousPage items { ` +
          `id initiator { ${USER_FIELDS} } assignee { ${USER_FIELDS} } ` +
          'activity { id name description hasQuickApproval process { name } } } } } }',
      ),
    variables: pageOf,
  },
];
