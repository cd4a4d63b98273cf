import { instantSchema, isoInstant, text, texts, textOf, wholeNumber } from './filter-kinds.ts';
import type { ParamPattern } from './operation.ts';
import type { Filter, FilterTable } from './query.ts';

/** Filters of WorkflowServer's lists (its own catalogue of operations), and the forms of what stands in paths. */

const MAX_NUMBER = 999_999_999;

/** The statuses of a process; the place of each is its number. */
export const processStatuses: readonly string[] = [
  'Initialized',
  'Running',
  'Idled',
  'Finalized',
  'Terminated',
  'Error',
];

/** As .NET prints it; the server takes nothing else for an id. */
export const guid: ParamPattern = {
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  takes: 'a GUID such as f54104f0-5de2-ea7b-e3be-47c9199a3967',
};

/** Names that people give: of schemes and commands. */
export const name: ParamPattern = {
  // oxlint-disable-next-line no-control-regex -- they are what is excluded
  pattern: /^[^\u0000-\u001f\u007f/\\%]{1,255}$/u,
  takes: '1 to 255 characters, none of them a slash, a backslash, a percent sign or a control character',
};

const status: Filter = {
  description: `one of ${processStatuses.join(', ')}, or its number from 0 to ${processStatuses.length - 1}`,
  repeatable: false,
  toUpstream(value) {
    const known = processStatuses.find((candidate, number) =>
      [candidate.toLowerCase(), String(number)].includes(value.toLowerCase()),
    );
    if (known === undefined) throw new RangeError(`It takes one of ${processStatuses.join(', ')}, or its number.`);
    return value === String(processStatuses.indexOf(known)) ? value : known;
  },
};

const times = ['CreationDate', 'LastTransitionDate'].flatMap((date): [string, Filter][] => [
  [
    `from${date}`,
    { description: `${date} then or later`, repeatable: false, schema: instantSchema, toUpstream: isoInstant },
  ],
  [
    `to${date}`,
    { description: `${date} then or earlier`, repeatable: false, schema: instantSchema, toUpstream: isoInstant },
  ],
]);

const culture = textOf(
  /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/,
  'the name of a culture such as de-DE',
  'the culture of localized names, such as de-DE',
);

export const schemeFilters: FilterTable = new Map([['tags', text('only schemes with these tags, comma separated')]]);

export const instanceFilters: FilterTable = new Map<string, Filter>([
  ['take', wholeNumber(MAX_NUMBER, 'how many to bring; 10 if not given, 0: all')],
  ['skip', wholeNumber(MAX_NUMBER, 'how many to leave out')],
  ['status', status],
  ['search', text('searches ids and schemes')],
  [
    'sort',
    textOf(
      /^[A-Za-z]{1,64}( (asc|desc))?$/,
      'the name of a field, a blank, and asc or desc',
      'a field, a blank, and asc or desc; CreationDate desc if not given',
    ),
  ],
  ...times,
  ...texts(['schemeCode', 'activityName', 'stateName'], (field) => `exactly this ${field}; servers from 9.0 on`),
]);

export const taskFilters: FilterTable = new Map([
  ['processId', textOf(guid.pattern, guid.takes, 'only of this instance')],
]);

export const cultureFilter: FilterTable = new Map([['culture', culture]]);
