import { describe, expect, it } from 'vitest';
import { isPublicAddress, publicLookup, requirePublicHost } from './address-guard.ts';

describe('the guard of addresses', () => {
  it('lets nothing through that is not of the public internet, in whatever form', () => {
    const refused = [
      ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
      ...[
        '169.254.169.254',
        '100.64.0.1',
        '192.0.2.1',
        '198.18.0.1',
        '224.0.0.1',
        '255.255.255.255',
        '240.0.0.1',
      ],
      ...['::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::127.0.0.1', 'fe80::1', 'fc00::1', 'fd12::1'],
      ...['ff02::1', '2001:db8::1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', 'not an address', ''],
    ];
    for (const address of refused) expect([address, isPublicAddress(address)]).toEqual([address, false]);
    const allowed = [
      '8.8.8.8',
      '1.1.1.1',
      '172.32.0.1',
      '2606:4700::1111',
      '::ffff:8.8.8.8',
      '64:ff9b::808:808',
    ];
    for (const address of allowed) expect([address, isPublicAddress(address)]).toEqual([address, true]);
  });

  it('refuses a host that is written as such an address', () => {
    for (const host of ['127.0.0.1', '[::1]', '169.254.169.254'])
      expect(() => requirePublicHost(host)).toThrow(
        expect.objectContaining({ code: 'SOURCE_ADDRESS_REFUSED' }),
      );
    for (const host of ['example.org', '8.8.8.8', '[2606:4700::1111]']) requirePublicHost(host);
  });

  it('judges the very address that is connected to, so that a name cannot change its answer in between', async () => {
    for (const all of [true, false]) {
      const error = await new Promise<NodeJS.ErrnoException | null>((resolve) =>
        publicLookup('localhost', { all }, (failure) => resolve(failure)),
      );
      expect(error).toMatchObject({ code: 'SOURCE_ADDRESS_REFUSED' });
    }
  });
});
