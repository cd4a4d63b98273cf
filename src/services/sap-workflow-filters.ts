import { instantSchema, isoInstant, text, texts, wholeNumber } from './filter-kinds.ts';
import type { Filter, FilterTable } from './query.ts';

/** Filters of the SAP Workflow REST API, v1 (api.sap.com, "Workflow API for Cloud Foundry"). */

const MAX_SKIP = 4000;
const MAX_TOP = 1000;

const INSTANCE_STATUSES = ['RUNNING', 'ERRONEOUS', 'SUSPENDED', 'CANCELED', 'COMPLETED'];
const TASK_STATUSES = ['READY', 'RESERVED', 'CANCELED', 'COMPLETED'];
const PRIORITIES = ['VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW'];
const INSTANCE_ORDERS = [
  'id',
  'definitionId',
  'definitionVersion',
  'startedAt',
  'completedAt',
  'startedBy',
  'subject',
  'businessKey',
];

const SAP_COMPACT_TIME = /^\d{14}\.\d{3}$/;

/** Any ISO 8601 instant, which SAP wants with milliseconds and in UTC, or SAP's own compact form. */
function time(description: string): Filter {
  return {
    description,
    repeatable: false,
    schema: instantSchema,
    toUpstream(value) {
      return SAP_COMPACT_TIME.test(value) ? value : isoInstant(value);
    },
  };
}

/** A comma list of fixed values in any case; `all` stands for every one of them where that is asked for. */
function oneOf(values: readonly string[], description: string, all = false): Filter {
  return {
    description,
    repeatable: true,
    toUpstream(value) {
      if (all && value.toLowerCase() === 'all') return values.join(',');
      const chosen = value.split(',').map((one) => one.trim().toUpperCase());
      if (!chosen.every((one) => values.includes(one)))
        throw new RangeError(`It takes ${values.join(', ')}${all ? ', or all' : ''}.`);
      return chosen.join(',');
    },
  };
}

function orderBy(fields: readonly string[]): Filter {
  return {
    description: `one of ${fields.join(', ')}, a blank, and asc or desc`,
    repeatable: false,
    upstreamName: '$orderby',
    toUpstream(value) {
      const [field = '', direction = 'asc', ...rest] = value.split(' ');
      if (!fields.includes(field) || !['asc', 'desc'].includes(direction) || rest.length > 0)
        throw new RangeError(`It takes one of ${fields.join(', ')}, a blank, and asc or desc.`);
      return value;
    },
  };
}

const expand: Filter = {
  description: 'attributes: bring the custom attributes along',
  repeatable: false,
  schema: { type: 'string', enum: ['attributes'] },
  upstreamName: '$expand',
  toUpstream(value) {
    if (value !== 'attributes') throw new RangeError('It takes attributes.');
    return value;
  },
};

const count: Filter = {
  description: 'true: bring the number of all matches in X-Total-Count',
  repeatable: false,
  schema: { type: 'boolean' },
  upstreamName: '$inlinecount',
  toUpstream(value) {
    if (value !== 'true' && value !== 'false') throw new RangeError('It takes true or false.');
    return value === 'true' ? 'allpages' : 'none';
  },
};

const inlineCount: Filter = {
  description: "SAP's own form of count",
  repeatable: false,
  schema: { type: 'string', enum: ['allpages', 'none'] },
  toUpstream(value) {
    if (value !== 'allpages' && value !== 'none') throw new RangeError('It takes allpages or none.');
    return value;
  },
};

const customAttribute: Filter = {
  description: 'a custom attribute; different ones must all match, a repeated one is an alternative',
  repeatable: true,
  toUpstream: (value) => value,
};

/** `skip`, `top`, `orderby`, `count`, each with or without SAP's `$`. */
function paging(orderFields: readonly string[]): [string, Filter][] {
  const skip = { ...wholeNumber(MAX_SKIP, `how many to leave out, at most ${MAX_SKIP}`), upstreamName: '$skip' };
  const top = {
    ...wholeNumber(MAX_TOP, `how many to bring, at most ${MAX_TOP}; 100 if not given`),
    upstreamName: '$top',
  };
  return [...withDollar({ skip, top, orderby: orderBy(orderFields), count }), ['$inlinecount', inlineCount]];
}

function withDollar(filters: Record<string, Filter>): [string, Filter][] {
  return Object.entries(filters).flatMap(([name, filter]): [string, Filter][] => [
    [name, filter],
    [`$${name}`, filter],
  ]);
}

function times(stems: readonly string[]): [string, Filter][] {
  return stems.flatMap((stem): [string, Filter][] => [
    [`${stem}At`, time(`${stem} exactly then`)],
    [`${stem}From`, time(`${stem} then or later`)],
    [`${stem}UpTo`, time(`${stem} then or earlier`)],
  ]);
}

export const instanceFilters: FilterTable = new Map<string, Filter>([
  ...paging(INSTANCE_ORDERS),
  ...withDollar({ expand }),
  ...texts(['id', 'definitionId', 'definitionVersion'], (name) => `exactly this ${name}`),
  ['status', oneOf(INSTANCE_STATUSES, 'RUNNING and ERRONEOUS if not given; all: every status', true)],
  ...times(['started', 'completed']),
  ...texts(['startedBy', 'subject'], (name) => `exactly this ${name}`),
  ['containsText', text('searches id, definitionId, subject, startedBy and businessKey')],
  ...texts(
    ['businessKey', 'rootInstanceId', 'parentInstanceId', 'projectId', 'projectVersion'],
    (name) => `exactly this ${name}`,
  ),
  ['attributes.', customAttribute],
]);

export const singleInstanceFilters: FilterTable = new Map(withDollar({ expand }));

export const definitionFilters: FilterTable = new Map(paging(['name', 'createdAt', 'id', 'version', 'createdBy']));

export const taskFilters: FilterTable = new Map<string, Filter>([
  ...paging([
    'id',
    'createdAt',
    'createdBy',
    'claimedAt',
    'completedAt',
    'lastChangedAt',
    'dueDate',
    'status',
    'subject',
    'priority',
    'processor',
    'definitionId',
    'workflowInstanceId',
    'workflowDefinitionId',
    'activityId',
  ]),
  ...withDollar({ expand }),
  ...texts(
    [
      'workflowInstanceId',
      'workflowDefinitionId',
      'definitionId',
      'processor',
      'id',
      'activityId',
      'description',
      'subject',
      'containsText',
      'recipientUsers',
      'recipientGroups',
    ],
    (name) => `this ${name}`,
  ),
  ...times(['created', 'claimed', 'completed', 'lastChanged']),
  ['dueDate', time('due exactly then')],
  ['dueDateFrom', time('due then or later')],
  ['dueDateUpTo', time('due then or earlier')],
  ['priority', oneOf(PRIORITIES, 'the priority')],
  ['status', oneOf(TASK_STATUSES, 'all four if not given; all: every status', true)],
  ['attributes.', customAttribute],
]);
