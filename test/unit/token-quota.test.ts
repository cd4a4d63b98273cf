import { describe, expect, it } from '@jest/globals';
import { readQuotas } from '../../src/tokens/token-quota.ts';

const HOUR = 'b=per_hour;q=100;r=99;t=3600';
const DAY = 'b=per_day;q=300;r=250;t=43200';

describe('the quotas of an answer', () => {
  it('are those of the client, with what is left of each', () => {
    expect(readQuotas({ 'auth0-client-quota-limit': `${HOUR},${DAY}` })).toEqual([
      { of: 'client', period: 'per_hour', limit: 100, remaining: 99, resetSeconds: 3600 },
      { of: 'client', period: 'per_day', limit: 300, remaining: 250, resetSeconds: 43_200 },
    ]);
  });

  it('are those of the organization too', () => {
    const headers = { 'auth0-client-quota-limit': HOUR, 'auth0-organization-quota-limit': DAY };
    expect(readQuotas(headers).map(({ of, period }) => `${of} ${period}`)).toEqual([
      'client per_hour',
      'organization per_day',
    ]);
  });

  it('may have blanks between them', () => {
    expect(
      readQuotas({ 'auth0-client-quota-limit': 'b=per_hour; q=1; r=0; t=9 , b=per_day; q=2; r=1; t=8' }),
    ).toHaveLength(2);
  });

  it.each([
    ['no header', undefined],
    ['nothing', ''],
    ['words', 'none left'],
    ['a part that is missing', 'b=per_hour;q=100;r=99'],
    ['a negative number', 'b=per_hour;q=100;r=-1;t=3600'],
    ['a number without end', `b=per_hour;q=100;r=${'9'.repeat(400)};t=3600`],
    ['a name without end', `b=${'x'.repeat(10_000)};q=1;r=1;t=1`],
  ])('are none with %s', (_name, value) => {
    expect(readQuotas({ 'auth0-client-quota-limit': value })).toEqual([]);
  });

  it('are few, however long the header is', () => {
    const many = Array.from({ length: 1000 }, () => HOUR).join(',');
    expect(readQuotas({ 'auth0-client-quota-limit': many }).length).toBeLessThanOrEqual(4);
  });
});
