import { expect, it } from '@jest/globals';
import { uuidV5 } from '../../src/services/uuid-v5.ts';

/** RFC 9562, section 6.6. */
const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

it('gives the UUID of the example in RFC 9562, appendix A.4', () => {
  expect(uuidV5(DNS, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

it('gives other UUIDs for other names and other namespaces', () => {
  const uuids = [uuidV5(DNS, 'a'), uuidV5(DNS, 'b'), uuidV5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', 'a')];
  expect(new Set(uuids).size).toBe(3);
});
