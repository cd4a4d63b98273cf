import { describe, expect, it } from '@jest/globals';
import { Progress } from '../../src/cli/doctor/progress.ts';

/** What a stream was given. */
function written(isTTY: boolean, use: (progress: Progress) => void, columns = 30): string[] {
  const texts: string[] = [];
  use(new Progress({ isTTY, columns, write: (text: string | Uint8Array) => texts.push(String(text)) > 0 }));
  return texts.map((text) => text.replace('\r\u001B[K', '<start>'));
}

function examine(progress: Progress): void {
  progress.begin('workflow', 'token');
  progress.begin('integration', 'hosts');
  progress.end('workflow');
  progress.end('integration');
}

describe('the progress of the doctor', () => {
  it('is one line on a terminal, which says what is being waited for and is gone in the end', () => {
    expect(written(true, examine)).toEqual([
      '<start>workflow: token',
      '<start>workflow: token · integration',
      '<start>integration: hosts',
      '<start>',
    ]);
  });

  it('is as wide as terminals usually are where one does not say how wide it is', () => {
    const long = (progress: Progress): void => progress.begin('a'.repeat(100), 'token');
    expect(written(true, long, 0)).toEqual([`<start>${'a'.repeat(79)}`]);
  });

  it('is not shown where no person looks', () => {
    expect(written(false, examine)).toEqual([]);
  });
});
