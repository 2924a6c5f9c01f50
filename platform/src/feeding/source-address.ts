import { SlipwayError } from '../kernel/errors.ts';
import './errors.ts';

const SECRET_PARAMETER = /^(password|passwd|pwd|secret|secretkey|secretaccesskey|sslpassword)$/i;

/**
 * An address is stored, shown and logged: it may not hold a password. Asked before it is stored and again before it is used.
 *
 * @throws CREDENTIALS_IN_URI, which does not repeat the address
 */
export function refuseCredentials(uri: string): void {
  const found = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(uri)?.[1];
  const parameters = new URLSearchParams(/\?([^#]*)/.exec(uri)?.[1] ?? '');
  const named = [...parameters.keys()].find((name) => SECRET_PARAMETER.test(name));
  if (!found?.includes(':') && named === undefined) return;
  throw new SlipwayError('CREDENTIALS_IN_URI', {
    message:
      named === undefined ? 'the address holds a password' : `the address holds a secret as '${named}'`,
    fix: 'Take it out of the address and name where it is: credentials.password = env:NAME, file:/path or store:name.',
  });
}
