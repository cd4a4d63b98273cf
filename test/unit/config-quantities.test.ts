import { describe, expect, it } from '@jest/globals';
import { parseBoolean, parseDuration, parseInteger, parseSize } from '../../src/config/quantities.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['60s', 60_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    [' 30s ', 30_000],
  ])('%j is %d ms', (text, value) => {
    expect(parseDuration(text)).toEqual({ ok: true, value });
  });

  it.each(['30', '0s', '-1s', '1.5s', '10 seconds', 's', '', 'NaN', '1e3s', '25h', '60S', '1d', '99999999999ms'])(
    '%j is refused',
    (text) => {
      expect(parseDuration(text).ok).toBe(false);
    },
  );
});

describe('a size', () => {
  it.each([
    ['1mb', 1_048_576],
    ['512kb', 524_288],
    ['40mb', 41_943_040],
    ['40MB', 41_943_040],
    ['1000', 1000],
    ['10b', 10],
    ['1gb', 1_073_741_824],
  ])('%j is %d bytes', (text, value) => {
    expect(parseSize(text)).toEqual({ ok: true, value });
  });

  it.each(['10 megs', '-1', 'NaN', '0', '', '1.5mb', '1 mb', '0x10', '1e6', 'mb', 'Infinity', '999999999999999gb'])(
    '%j is refused',
    (text) => {
      expect(parseSize(text).ok).toBe(false);
    },
  );
});

describe('a whole number', () => {
  it.each(['0', '16', ' 7 '])('%j is taken', (text) => {
    expect(parseInteger(text, 0, 16)).toEqual({ ok: true, value: Number(text) });
  });

  it.each(['17', '-1', '+1', '1.0', '1e1', '0x1', '', 'one', 'NaN'])('%j is refused', (text) => {
    expect(parseInteger(text, 0, 16).ok).toBe(false);
  });
});

describe('a switch', () => {
  it.each([
    ['true', true],
    [' false ', false],
  ])('%j is %s', (text, value) => {
    expect(parseBoolean(text)).toEqual({ ok: true, value });
  });

  it.each(['TRUE', 'yes', '1', '0', 'on', '', 'flase'])('%j is neither', (text) => {
    expect(parseBoolean(text).ok).toBe(false);
  });
});
