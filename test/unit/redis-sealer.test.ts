import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Secret } from '../../src/config/secret.ts';
import { Sealer } from '../../src/store/sealer.ts';

const newKey = () => new Secret(randomBytes(32).toString('base64'));
const sealer = new Sealer(newKey());

describe('what is sealed for the shared store', () => {
  it('opens under its name, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, name) => {
        expect(sealer.open(name, sealer.seal(name, text))).toBe(text);
      }),
    );
  });

  it('does not show what is in it', () => {
    const sealed = Buffer.from(sealer.seal('t:1', 'a-token-in-plain-text'), 'base64').toString('latin1');
    expect(sealed).not.toContain('token');
  });

  it('is never the same twice', () => {
    expect(sealer.seal('t:1', 'a')).not.toBe(sealer.seal('t:1', 'a'));
  });

  it('does not open under another name: a record cannot be put in the place of another', () => {
    expect(sealer.open('t:2', sealer.seal('t:1', 'a'))).toBeUndefined();
  });

  it('does not open with another key', () => {
    expect(new Sealer(newKey()).open('t:1', sealer.seal('t:1', 'a'))).toBeUndefined();
  });

  it('opens with the same key in another process', () => {
    const key = newKey();
    expect(new Sealer(key).open('t:1', new Sealer(key).seal('t:1', 'a'))).toBe('a');
  });

  it('does not open when any of its bytes was changed', () => {
    const sealed = Buffer.from(sealer.seal('t:1', 'some text'), 'base64');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(sealer.open('t:1', changed.toString('base64'))).toBeUndefined();
    }
  });

  it.each([
    ['nothing', ''],
    ['too little', 'AAAA'],
    ['something else', randomBytes(40).toString('base64')],
  ])('%s is not opened', (_name, text) => {
    expect(sealer.open('t:1', text)).toBeUndefined();
  });
});
