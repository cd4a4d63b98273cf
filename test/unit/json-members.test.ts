import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memberBytes, objectOf, topLevelMembers } from '../../src/services/json-members.ts';

function membersOf(json: string): [key: string, value: string][] {
  const bytes = Buffer.from(json);
  return topLevelMembers(bytes).map(({ key, start, end }) => [key, bytes.toString('utf8', start, end)]);
}

describe('the members of a JSON object', () => {
  it('are found with their values as they were written', () => {
    expect(membersOf('{"big":9007199254740993,"price":1.0,"huge":1e400,"minus":-0}')).toEqual([
      ['big', '9007199254740993'],
      ['price', '1.0'],
      ['huge', '1e400'],
      ['minus', '-0'],
    ]);
  });

  it('are those of the first level only', () => {
    expect(membersOf('{"a":{"b":[1,{"c":2}]},"d":[{"e":3}]}')).toEqual([
      ['a', '{"b":[1,{"c":2}]}'],
      ['d', '[{"e":3}]'],
    ]);
  });

  it('are not misled by signs of structure inside strings and names', () => {
    expect(membersOf('{"a}\\"{,:":"}]\\\\","b":["\\"]"]}')).toEqual([
      ['a}"{,:', '"}]\\\\"'],
      ['b', '["\\"]"]'],
    ]);
  });

  it('may stand between blanks of any kind and after a byte order mark', () => {
    expect(membersOf('\uFEFF \r\n{\t"a" :\n1 , "b" : [ ] \r}\n')).toEqual([
      ['a', '1'],
      ['b', '[ ]'],
    ]);
  });

  it('come in their order, repeated names included', () => {
    expect(membersOf('{"a":1,"b":2,"a":3}').map(([key]) => key)).toEqual(['a', 'b', 'a']);
  });

  it('have their names decoded', () => {
    expect(membersOf('{"\\u0064ata":null,"grün €":true}')).toEqual([
      ['data', 'null'],
      ['grün €', 'true'],
    ]);
  });

  it('are none of an empty object', () => {
    expect(membersOf('{ }')).toEqual([]);
  });

  it('nested deeper than the stack reaches are still found', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(membersOf(`{"deep":${deep},"after":1}`).map(([key]) => key)).toEqual(['deep', 'after']);
  });

  it('of any object are what JSON.parse reads, value by value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(4), (object, indent) => {
        const json = JSON.stringify(object, undefined, indent);
        const read = membersOf(json).map(([key, value]): [string, unknown] => [key, JSON.parse(value)]);
        expect(read).toEqual(Object.entries(JSON.parse(json) as object));
      }),
    );
  });
});

describe('one member', () => {
  it('is the last of its name, as JSON.parse has it', () => {
    expect(memberBytes(Buffer.from('{"a":1,"a":2}'), 'a')?.toString()).toBe('2');
  });

  it('that is not there is undefined', () => {
    expect(memberBytes(Buffer.from('{"A":1}'), 'a')).toBeUndefined();
  });
});

it('an object is put together from names and the bytes of values', () => {
  const object = objectOf([
    ['say "hi"', Buffer.from('9007199254740993')],
    ['b', Buffer.from('[ 1.0 ]')],
  ]);
  expect(object.toString()).toBe('{"say \\"hi\\"":9007199254740993,"b":[ 1.0 ]}');
  expect(objectOf([]).toString()).toBe('{}');
});
