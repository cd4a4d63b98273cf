import { Problem } from '../problems/problem.ts';
import { TokenFailure } from './token-failure.ts';

/** `credentials-rejected` by ourselves: what is configured cannot be used, and nothing was sent. */
export function unusableConfiguration(code: string, detail: string, hint: string): Problem {
  const cause = new TokenFailure('configuration', 'configuration', code);
  return new Problem('credentials-rejected', { detail, hint, cause });
}

/** Certificate and private key are no PEM, or no pair. */
export function unusableKeyPair(code: string): Problem {
  return unusableConfiguration(
    code,
    'The client certificate or its key cannot be used.',
    'Both must be PEM text of one pair: make the service key or binding anew and restart. Files are read again by themselves.',
  );
}

/** A credential that the way of authenticating needs is not configured. */
export function missingCredential(setting: 'clientSecret' | 'certificate' | 'key'): Problem {
  return unusableConfiguration(
    'missing',
    `The OAuth client has no \`${setting}\`, which its way of authenticating needs.`,
    `Set \`token.${setting}\`, or choose another way by \`token.auth\`, and restart.`,
  );
}
