import { GraphQLError } from 'graphql';
import type { Parameter, RequestStore, StoredRequest } from './request-store.ts';

/** A user who may look at things, and do nothing. */
const guestName = 'guest';

interface PageArguments {
  readonly page?: { readonly number?: number | null; readonly size?: number | null } | null;
  readonly filter?: { readonly createdSince?: string | null } | null;
}

/** The root of one GraphQL request. @param userName who acts */
export function rootFor(store: RequestStore, userName: string) {
  return {
    viewer: userOf(store, userName),
    request: ({ number }: { number: number }) => shown(store, store.find(number)),
    requests: (options: PageArguments) => pageOf(store.all(), options, (request) => requestOf(store, request)),
    actions: (options: PageArguments) => pageOf(store.all(), options, (request) => actionOf(store, request)),
    createRequest: ({ input }: { input: { processName: string; parameters?: readonly Parameter[] } }) => {
      checkRight(userName);
      return { request: requestOf(store, store.create(input.processName, input.parameters ?? [], userName)) };
    },
    updateRequestDataset: ({ input }: { input: { number: number; parameters: readonly Parameter[] } }) => {
      checkRight(userName);
      store.update(input.number, input.parameters);
      return { clientMutationId: null };
    },
  };
}

function checkRight(userName: string): void {
  if (userName === guestName) {
    throw new GraphQLError('You are not authorized to do this.');
  }
}

function shown(store: RequestStore, request: StoredRequest | undefined) {
  return request === undefined ? null : requestOf(store, request);
}

function userOf(store: RequestStore, userName: string): object {
  return {
    id: idOf('User', userName),
    userName,
    firstName: 'Sam',
    lastName: 'Sample',
    actions: (options: PageArguments) =>
      pageOf(
        store.all().filter(({ requester }) => requester === userName),
        options,
        (request) => actionOf(store, request),
      ),
  };
}

function requestOf(store: RequestStore, request: StoredRequest): object {
  const { number, processName, requester, openedAt, dataset } = request;
  return {
    id: idOf('Request', number),
    number,
    description: processName,
    status: 'OPEN',
    openedAt,
    closedAt: null,
    requester: () => userOf(store, requester),
    actions: () => pageOf([request], {}, (one) => actionOf(store, one)),
    dataset: ({ filter }: { filter?: { names?: readonly string[] | null } | null }) => ({
      items: [...dataset]
        .filter(([name]) => filter?.names?.includes(name) ?? true)
        .map(([name, value]) => ({ id: idOf('Data', `${number}/${name}`), name, description: null, ...value })),
    }),
  };
}

/** Each request has one open action, to approve it. */
function actionOf(store: RequestStore, request: StoredRequest): object {
  const { number, processName, requester, openedAt } = request;
  return {
    id: idOf('Action', number),
    status: 'OPEN',
    openedAt,
    initiator: () => userOf(store, requester),
    assignee: null,
    activity: {
      id: idOf('Activity', processName),
      name: 'APPROVE',
      description: 'Approve the request',
      hasQuickApproval: true,
      process: { name: processName },
    },
    request: () => requestOf(store, request),
  };
}

function pageOf(
  requests: readonly StoredRequest[],
  { page, filter }: PageArguments,
  show: (request: StoredRequest) => object,
): object {
  const since = filter?.createdSince ?? '';
  const found = requests.filter(({ openedAt }) => openedAt >= since);
  const size = page?.size ?? 20;
  const start = ((page?.number ?? 1) - 1) * size;
  return {
    totalCount: found.length,
    hasNextPage: start + size < found.length,
    hasPreviousPage: start > 0,
    items: found.slice(start, start + size).map(show),
  };
}

function idOf(type: string, id: string | number): string {
  return Buffer.from(`${type}:${id}`).toString('base64');
}
