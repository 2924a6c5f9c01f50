import type { Problem } from '../../../platform/src/contracts/common.ts';
import { BLOB_PATH, pathOf } from '../../../platform/src/contracts/routes.ts';
import { ApiError } from './api.ts';

/** The browser hashes a file as a whole, in memory. */
const BYTES_MAX = 1_500_000_000;

/** Sends a file under its sha256. @returns the digest */
export async function uploadFile(file: File): Promise<string> {
  if (globalThis.crypto.subtle === undefined) {
    throw new Error(
      'This page was opened without encryption from another machine, so the browser cannot hash the file. Use https, or `slipway data add` with --url.',
    );
  }
  if (file.size > BYTES_MAX) {
    throw new Error('The file is larger than 1.5 GB. Load it with `slipway data add`, which streams it.');
  }
  const bytes = await file.arrayBuffer();
  const hash = await globalThis.crypto.subtle.digest('SHA-256', bytes);
  const digest = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  // Not asked first whether it is there: a browser writes every 404 into its console.
  const reply = await fetch(pathOf(BLOB_PATH, { digest }), { method: 'PUT', body: bytes });
  if (!reply.ok) throw new ApiError((await reply.json()) as Problem);
  return digest;
}
