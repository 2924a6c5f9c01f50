import type { ServableModel } from '../deployment/types.ts';
import { type ModelBundle, modelDigestOf } from '../estimators/bundle.ts';
import { canonicalJson, sha256 } from '../kernel/canonical-json.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { BlobStore } from '../ports/blobs.ts';

export async function writeBundle(
  blobs: BlobStore,
  bundle: ModelBundle,
): Promise<{ digest: string; bytes: number }> {
  return blobs.put(new TextEncoder().encode(canonicalJson(bundle)));
}

/** @throws BUNDLE_MISMATCH when the stored bytes are not the bundle they are named. */
export async function readBundle(blobs: BlobStore, digest: string): Promise<ModelBundle> {
  const bytes = await blobs.get(digest);
  if (sha256(bytes) !== digest) throw mismatch(digest);
  return JSON.parse(new TextDecoder().decode(bytes)) as ModelBundle;
}

/** What deployment serves, from a bundle; refuses a bundle whose parts do not add up to the digest the verdict named. */
export async function servableFrom(
  blobs: BlobStore,
  bundle: ModelBundle,
  identity: { readonly model: string; readonly version: number },
): Promise<ServableModel> {
  const digest = modelDigestOf(bundle.onnxDigest, bundle.signature, bundle.coercions);
  if (digest !== bundle.modelDigest) throw mismatch(bundle.modelDigest);
  return {
    ...identity,
    modelDigest: bundle.modelDigest,
    onnxPath: await blobs.localPath(bundle.onnxDigest),
    signature: bundle.signature,
    coercions: bundle.coercions,
    ...(bundle.explainerDigest === undefined
      ? {}
      : { explainerPath: await blobs.localPath(bundle.explainerDigest) }),
  };
}

function mismatch(digest: string): SlipwayError {
  return new SlipwayError('BUNDLE_MISMATCH', {
    message: `the stored model ${digest.slice(0, 12)} does not have the digest it is registered under`,
    fix: 'Restore the home folder from a copy, or launch the model again.',
    details: { digest },
  });
}
