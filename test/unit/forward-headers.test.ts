import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  answerHeaders,
  flowAnswerHeaders,
  flowRequestHeaders,
  pickHeaders,
  requestHeaders,
  type IncomingHeaders,
} from '../../src/forward/headers.ts';

/** RFC 9110, section 7.6.1, and what its predecessors and proxies added. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

const callersOwn = [
  'authorization',
  'cookie',
  'x-api-key',
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
  'host',
  'content-length',
];

describe('pickHeaders', () => {
  it('takes what is on the list and nothing else', () => {
    expect(pickHeaders({ accept: 'a', 'x-other': 'b' }, ['accept', 'accept-language'])).toEqual({ accept: 'a' });
  });

  it('takes a list as a set, too', () => {
    expect(pickHeaders({ accept: 'a' }, new Set(['accept']))).toEqual({ accept: 'a' });
  });

  it('drops what Connection names', () => {
    const incoming = { connection: 'close, SAP_Sender ,x-a', sap_sender: 'hr', 'x-a': '1', accept: 'b' };
    expect(pickHeaders(incoming, ['sap_sender', 'x-a', 'accept'])).toEqual({ accept: 'b' });
  });

  it('keeps the description of the body, which Connection has no right to name', () => {
    const incoming = {
      connection: 'close, content-type, content-encoding',
      'content-type': 'a/b',
      'content-encoding': 'gzip',
    };
    expect(pickHeaders(incoming, ['content-type', 'content-encoding'])).toEqual({
      'content-type': 'a/b',
      'content-encoding': 'gzip',
    });
  });

  it('does not take an underscore for a hyphen, either way', () => {
    expect(pickHeaders({ content_type: 'a/b', 'sap-sender': 'x' }, ['content-type', 'sap_sender'])).toEqual({});
  });

  it('joins several lines of a list field', () => {
    expect(pickHeaders({ accept: ['a', 'b'] }, ['accept'])).toEqual({ accept: 'a, b' });
  });

  it('leaves out a field with one value that comes with two', () => {
    expect(pickHeaders({ 'content-type': ['text/html', 'application/json'] }, ['content-type'])).toEqual({});
    expect(pickHeaders({ 'content-type': ['a/b', 'a/b'] }, ['content-type'])).toEqual({ 'content-type': 'a/b' });
  });

  it('is not led astray by names of the language', () => {
    const incoming = JSON.parse('{"__proto__":"a","constructor":"b"}') as IncomingHeaders;
    expect(pickHeaders({}, ['constructor', 'toString', '__proto__'])).toEqual({});
    expect(pickHeaders(incoming, ['constructor'])).toEqual({ constructor: 'b' });
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('gives a part of the list without hop-by-hop headers, whatever comes in', () => {
    const name = fc.oneof(
      fc.constantFrom(...hopByHop, ...flowRequestHeaders, 'constructor', '__proto__', 'content_type', 'x-a', 'x-b'),
      fc.stringMatching(/^[a-z0-9_!#$%&'*+.^`|~-]{1,20}$/),
    );
    const text = fc.string({ maxLength: 20 });
    const value = fc.oneof(text, fc.array(text, { maxLength: 3 }));
    const headers = fc.dictionary(name, value);
    const connection = fc.array(name).map((names) => names.join(', ').toUpperCase());
    fc.assert(
      fc.property(headers, connection, fc.array(name), (others, named, allowed) => {
        const incoming = { ...others, connection: named };
        const options = new Set(named.toLowerCase().split(', '));
        for (const pickFrom of [pickHeaders, requestHeaders]) {
          for (const picked of Object.keys(pickFrom(incoming, allowed))) {
            expect(allowed).toContain(picked);
            expect(hopByHop).not.toContain(picked);
            expect(options.has(picked) && !picked.startsWith('content-')).toBe(false);
          }
        }
      }),
    );
  });
});

describe('requestHeaders', () => {
  it('passes what a flow gets by the contract', () => {
    const incoming = Object.fromEntries(flowRequestHeaders.map((name) => [name, 'v']));
    expect(requestHeaders(incoming, flowRequestHeaders)).toEqual(incoming);
    expect(flowRequestHeaders).toEqual([
      'content-type',
      'content-encoding',
      'accept',
      'accept-language',
      'sap_applicationid',
      'sap_messagetype',
      'sap_sender',
      'sap_receiver',
    ]);
  });

  it.each(callersOwn)('never passes %s, even when it is listed', (name) => {
    expect(requestHeaders({ [name]: 'v' }, [name])).toEqual({});
  });
});

describe('answerHeaders', () => {
  it('passes what describes the body', () => {
    const headers = { 'content-type': 'a/b', 'content-length': '3', 'content-disposition': 'inline', etag: '"1"' };
    expect(answerHeaders({ status: 200, headers }, flowAnswerHeaders)).toEqual({
      'content-type': 'a/b',
      'content-length': '3',
      'content-disposition': 'inline',
    });
  });

  it.each([
    'set-cookie',
    'server',
    'www-authenticate',
    'access-control-allow-origin',
    'connection',
    'transfer-encoding',
  ])('never passes %s, even when it is listed', (name) => {
    expect(answerHeaders({ status: 200, headers: { [name]: 'v' } }, [name])).toEqual({});
  });

  it.each([204, 205, 304])('has no length where there is no body (%i)', (status) => {
    expect(answerHeaders({ status, headers: { 'content-length': '5' } }, flowAnswerHeaders)).toEqual({});
  });
});
