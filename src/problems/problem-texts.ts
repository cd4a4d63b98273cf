import type { ProblemCode } from './problem-table.ts';
import type { ProblemText } from './problem-text.ts';
import { callerTexts } from './caller-texts.ts';
import { failureTexts } from './failure-texts.ts';
import { flowgateTexts } from './flowgate-texts.ts';
import { refusalTexts } from './refusal-texts.ts';

/** What every problem means and how to mend it: the pages `/problems/:code` are made from this. */
export const problemTexts: Readonly<Record<ProblemCode, ProblemText>> = {
  ...callerTexts,
  ...flowgateTexts,
  ...refusalTexts,
  ...failureTexts,
};
