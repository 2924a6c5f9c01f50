import { describe, expect, it } from 'vitest';
import { type Caller, createAccess, isLocalCaller, isLoopback } from './access.ts';

const rules = { host: '127.0.0.1', allowedHosts: ['ml.example.org'], token: undefined };
const caller = (headers: Caller['headers'], addresses: Partial<Caller> = {}): Caller => ({
  headers,
  remoteAddress: '127.0.0.1',
  localAddress: '127.0.0.1',
  ...addresses,
});
const codeOf = (work: () => void): string => {
  try {
    work();
    return 'passed';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('Host', () => {
  const { requireOrigin } = createAccess(rules);
  it.each([
    '127.0.0.1:7070',
    'localhost:7070',
    'LOCALHOST',
    '[::1]:7070',
    'ml.example.org',
    'ml.example.org:443',
  ])('lets %s pass', (host) => expect(codeOf(() => requireOrigin(caller({ host })))).toBe('passed'));
  it.each([
    'evil.example.org',
    '127.0.0.1.evil.org',
    'localhost.evil.org:7070',
    '192.168.1.7:7070',
    '',
    'localhost:7070@evil.org',
    'a:b:c',
  ])('refuses %j', (host) => expect(codeOf(() => requireOrigin(caller({ host })))).toBe('HOST_REFUSED'));
  it('refuses a request without Host', () => {
    expect(codeOf(() => requireOrigin(caller({})))).toBe('HOST_REFUSED');
  });
  it('lets an IP literal pass that is the address the connection came in on', () => {
    const open = createAccess({ ...rules, host: '0.0.0.0' });
    const from = { remoteAddress: '192.168.1.9', localAddress: '::ffff:192.168.1.7' };
    expect(codeOf(() => open.requireOrigin(caller({ host: '192.168.1.7:7070' }, from)))).toBe('passed');
    expect(codeOf(() => open.requireOrigin(caller({ host: 'rebound.org:7070' }, from)))).toBe('HOST_REFUSED');
  });
});

describe('Origin', () => {
  const { requireOrigin } = createAccess(rules);
  const host = '127.0.0.1:7070';
  it.each([undefined, 'http://127.0.0.1:7070', 'HTTP://127.0.0.1:7070'])('lets %s pass', (origin) => {
    expect(codeOf(() => requireOrigin(caller({ host, ...(origin === undefined ? {} : { origin }) })))).toBe(
      'passed',
    );
  });
  it.each([
    'http://evil.org',
    'null',
    'http://127.0.0.1:8080',
    'http://localhost:7070',
    'http://127.0.0.1:7070.evil.org',
    '',
  ])('refuses %j', (origin) =>
    expect(codeOf(() => requireOrigin(caller({ host, origin })))).toBe('ORIGIN_REFUSED'),
  );
});

describe('token', () => {
  const { requireToken } = createAccess({ ...rules, token: 'right one' });
  it('is not asked for where there is none', () => {
    expect(codeOf(() => createAccess(rules).requireToken(caller({})))).toBe('passed');
  });
  it.each([
    [{}, 'TOKEN_REQUIRED'],
    [{ authorization: 'Bearer wrong' }, 'TOKEN_REQUIRED'],
    [{ authorization: 'Basic cmlnaHQ=' }, 'TOKEN_REQUIRED'],
    [{ cookie: 'slipway_token=wrong' }, 'TOKEN_REQUIRED'],
    [{ cookie: 'a=b; slipway_token=right%20one' }, 'passed'],
    [{ cookie: 'slipway_token=%E0%A4%A' }, 'TOKEN_REQUIRED'],
  ])('%j → %s', (headers, outcome) => expect(codeOf(() => requireToken(caller(headers)))).toBe(outcome));
  it('is taken as a bearer', () => {
    const { requireToken: bearer } = createAccess({ ...rules, token: 'abc-123' });
    expect(codeOf(() => bearer(caller({ authorization: 'bearer abc-123' })))).toBe('passed');
  });
});

describe('a local caller', () => {
  it('comes from loopback and over no proxy', () => {
    expect(isLocalCaller(caller({}))).toBe(true);
    expect(isLocalCaller(caller({}, { remoteAddress: '::1' }))).toBe(true);
    expect(isLocalCaller(caller({}, { remoteAddress: '192.168.1.9' }))).toBe(false);
    for (const name of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']) {
      expect(isLocalCaller(caller({ [name]: '1.2.3.4' }))).toBe(false);
    }
  });
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['[::1]', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['127.0.0.1.org', false],
  ])('isLoopback(%s) is %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
});
