/** One setting as it holds. */
export interface EffectiveSetting {
  /** As the configuration names it: `PORT`, `limits.timeout`, `services.workflow.token.clientId`. */
  readonly setting: string;
  readonly value: string;
  /** `flowgate.yaml`, `WORKFLOW_SERVICE_KEY`, `binding my-workflow`, `default`. */
  readonly from: string;
}

/** Where a value comes from that nobody has set. */
export const DEFAULT = 'default';
