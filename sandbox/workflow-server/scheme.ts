/** A command leads from one state to another. */
export interface SchemeCommand {
  readonly name: string;
  readonly to: string;
  readonly classifier: 'Direct' | 'Reverse';
  /** The only identity that may execute it; without it everybody, and nobody in particular, may. */
  readonly identity?: string;
}

export interface SchemeState {
  readonly name: string;
  readonly commands: readonly SchemeCommand[];
}

/** A scheme of processes, as somebody has drawn it. The first state is the initial one; without commands it is final. */
export interface Scheme {
  readonly code: string;
  readonly tags: readonly string[];
  readonly states: readonly SchemeState[];
}

export const sampleSchemes: readonly Scheme[] = [
  {
    code: 'TestScheme',
    tags: [],
    states: [
      { name: 'Draft', commands: [{ name: 'submit', to: 'Review', classifier: 'Direct' }] },
      {
        name: 'Review',
        commands: [
          { name: 'approve', to: 'Approved', classifier: 'Direct' },
          { name: 'reject', to: 'Draft', classifier: 'Reverse' },
        ],
      },
      { name: 'Approved', commands: [] },
    ],
  },
  {
    code: 'Leave Request',
    tags: ['hr'],
    states: [
      {
        name: 'Requested',
        commands: [{ name: 'Grant leave', to: 'Granted', classifier: 'Direct', identity: 'manager' }],
      },
      { name: 'Granted', commands: [] },
    ],
  },
];

/** The name of the activity behind a state. */
export function activityOf(state: SchemeState): string {
  return `${state.name}Activity`;
}
