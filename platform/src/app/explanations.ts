import type { Explanation } from '../contracts/explanations.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { RegistryService } from '../registry/types.ts';

/** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, EXPLANATION_NOT_FOUND */
export async function explanationOf(
  { registry, blobs }: { readonly registry: RegistryService; readonly blobs: BlobStore },
  name: string,
  version: number,
): Promise<Explanation> {
  const { explanationDigest } = await registry.version(name, version);
  if (explanationDigest === undefined) {
    throw new SlipwayError('EXPLANATION_NOT_FOUND', {
      message: `version ${version} of ${name} was registered without an explanation`,
      fix: 'Launch it again; if that leaves none either, the log of its validate step says why.',
      details: { model: name, version },
    });
  }
  return JSON.parse(new TextDecoder().decode(await blobs.get(explanationDigest))) as Explanation;
}
