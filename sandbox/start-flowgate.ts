/** A Flowgate that runs in this process. */
export interface RunningFlowgate {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * TO BE FILLED IN: starts Flowgate from `src/app` with nothing but `env` as its configuration (no `flowgate.yaml`, no
 * `process.env`), listening on `env.HOST` and `env.PORT`.
 *
 * @param env the variables of the public contract, as `flowgateEnvironment` makes them
 */
export function startFlowgate(env: Readonly<Record<string, string>>): Promise<RunningFlowgate> {
  const names = Object.keys(env).join(', ');
  return Promise.reject(new Error(`Flowgate is not connected to the sandbox yet; it would be started with ${names}.`));
}
