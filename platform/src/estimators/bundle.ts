import type { ModelCard, ModelSignature } from '../contracts/models.ts';
import { canonicalJson, sha256 } from '../kernel/canonical-json.ts';
import type { Coercions } from '../tables/coercion.ts';

/**
 * The model artifact: what is validated is what is served. `modelDigest` covers everything that changes an answer;
 * card and provenance ride along and are covered by the bundle's own digest (its blob).
 */
export interface ModelBundle {
  readonly format: 1;
  readonly modelDigest: string;
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
  /** sha256 of the ONNX bytes, which are a blob of their own. */
  readonly onnxDigest: string;
  readonly family: string;
  readonly card: ModelCard;
  readonly split: SplitRule;
  readonly parity: { readonly rows: number; readonly maxAbsDelta: number; readonly tolerance: number };
  /** Digest of the reference sample's statistics used by monitoring (a blob with a `DriftBaseline`). */
  readonly baselineDigest: string;
  /** Blob of the trained model with what its explanations need (`ExplainableModel`); absent from bundles of before there were any. */
  readonly explainerDigest?: string;
}

/**
 * How rows are told apart into train and test, as data: stored with the version so that the next launch of that name uses the
 * same rule, and champion and challenger can be compared on rows that neither was trained on.
 */
export interface SplitRule {
  readonly method: 'hash' | 'group' | 'time' | 'file';
  /** Key of the row hash. */
  readonly key: string;
  /** Columns whose content decides (hash: all inputs, sorted; group: the group column; time: the time column). */
  readonly columns: readonly string[];
  /** Share of rows (hash, group) or of the time-ordered rows (time) in the test part. */
  readonly testShare: number;
  /** For time: rows at or after this instant (epoch ms) are test rows. */
  readonly testFromMs?: number;
}

/** The digest the verdict names and deploy checks: sha256 over ONNX digest, signature and coercions. */
export function modelDigestOf(onnxDigest: string, signature: ModelSignature, coercions: Coercions): string {
  return sha256(canonicalJson({ onnx: onnxDigest, signature, coercions }));
}
