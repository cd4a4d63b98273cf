/* What a web app needs to call Flowgate: one function, and what to do when it fails. */

/** How often a request is sent at most. */
const ATTEMPTS = 4;

/** An answer of Flowgate that says what is wrong and what to do about it (application/problem+json). */
export class FlowgateProblem extends Error {
  /** @param {{ code: string, title: string, detail: string, hint: string, retryable: boolean }} problem */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export class FlowgateClient {
  /**
   * @param {string} url of Flowgate
   * @param {() => Record<string, string>} credential gives the header that says who calls: a key, or better the access
   *   token of the person who is logged on, `{ authorization: 'Bearer …' }`
   */
  constructor(url, credential) {
    this.url = url;
    this.credential = credential;
  }

  /** @param {string} path */
  get(path) {
    return this.send('GET', path);
  }

  /**
   * Starts or sends something. All attempts carry one Idempotency-Key, so that a lost answer starts nothing twice.
   *
   * @param {string} path
   * @param {unknown} body
   */
  post(path, body) {
    return this.send('POST', path, JSON.stringify(body), { 'idempotency-key': randomKey() });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>} the JSON of the answer
   * @throws {FlowgateProblem} that is not worth another attempt
   */
  async send(method, path, body, headers = {}) {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(this.url + path, {
        method,
        headers: { ...headers, ...this.credential(), ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body }),
      });
      if (response.ok) return response.status === 204 ? undefined : response.json();
      const problem = await response.json();
      if (!problem.retryable || attempt === ATTEMPTS) throw new FlowgateProblem(problem);
      const seconds = Number(response.headers.get('retry-after') ?? 2 ** (attempt - 1));
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

/** crypto.randomUUID exists in secure contexts only; this works on a plain intranet page, too. */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
