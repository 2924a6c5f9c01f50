import type { DecodedRequest, RawContributions } from '../../deployment/types.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

interface Asked {
  readonly resolve: (contributions: RawContributions) => void;
  readonly reject: (error: SlipwayError) => void;
}

/** Explanations that a worker was asked for and has not given yet. They do not queue with predictions and are never batched. */
export class PendingExplanations {
  private readonly asked = new Map<number, Asked>();
  private sequence = 0;

  ask({ rows, columns }: DecodedRequest, post: (message: ToWorker) => void): Promise<RawContributions> {
    const sequence = ++this.sequence;
    return new Promise((resolve, reject) => {
      this.asked.set(sequence, { resolve, reject });
      post({ type: 'explain', sequence, rows, columns });
    });
  }

  settle(message: Extract<FromWorker, { type: 'explained' | 'unexplained' }>): void {
    const waiting = this.asked.get(message.sequence);
    this.asked.delete(message.sequence);
    if (message.type === 'explained') waiting?.resolve(message.contributions);
    else waiting?.reject(SlipwayError.fromJSON(message.error));
  }

  rejectAll(error: SlipwayError): void {
    for (const { reject } of this.asked.values()) reject(error);
    this.asked.clear();
  }
}
