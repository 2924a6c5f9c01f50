import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SlipwayError } from '../../kernel/errors.ts';

/**
 * Whether an address belongs to the public internet. Everything with a special meaning is refused: this machine, private networks,
 * link-local (where clouds answer with their credentials), carrier NAT, unique-local, documentation, multicast; and IPv6 forms that carry
 * an IPv4 address count as that address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  const bytes = parsed.toByteArray();
  // ::a.b.c.d, the oldest way to write an IPv4 address, has no range of its own.
  if (bytes.length === 16 && bytes.slice(0, 12).every((byte) => byte === 0)) return false;
  if (parsed.range() === 'unicast') return true;
  if (parsed.kind() !== 'ipv6') return false;
  // NAT64: the last four bytes are the address that is meant.
  if (parsed.range() !== 'rfc6052') return false;
  return new ipaddr.IPv4(bytes.slice(12)).range() === 'unicast';
}

export function addressRefused(host: string): SlipwayError {
  return new SlipwayError('SOURCE_ADDRESS_REFUSED', {
    message: `${host} is an address of this machine or of a private network`,
    fix: 'If it is meant, allow it for this source: --allow-private (allowPrivate: true).',
    details: { host },
  });
}

/** For hosts written as addresses: no name is looked up for them, so the lookup cannot refuse them. */
export function requirePublicHost(host: string): void {
  const bare = host.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(bare) && !isPublicAddress(bare)) throw addressRefused(host);
}

/**
 * Looks a name up for the connection itself, so that the address that was judged is the one connected to: a name that answers
 * differently the second time gains nothing. One private address among several is enough to refuse.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const bad = addresses.find(({ address }) => !isPublicAddress(address));
    if (bad !== undefined || addresses.length === 0) {
      callback(addressRefused(hostname) as unknown as NodeJS.ErrnoException, '', 0);
      return;
    }
    if (options.all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};
