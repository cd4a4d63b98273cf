/** What people should know about a problem, whichever request it happened to. Plain text; the pages add the form. */
export interface ProblemText {
  /** What it means, in a sentence or two. */
  readonly meaning: string;
  /** How it comes about. */
  readonly causes: readonly string[];
  /** What to check, in the order in which it helps. */
  readonly checks: readonly string[];
  /** Lines for a shell or a configuration file. `$FLOWGATE` is the address of this server, `$KEY` an API key. */
  readonly lines: readonly string[];
}
