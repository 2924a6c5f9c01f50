import type { BodyOf, ParamsOf, QueryOf, ReplyOf } from '../contracts/operations.ts';
import type { OperationId } from '../contracts/routes.ts';

export interface HandlerInput<Id extends OperationId> {
  readonly params: ParamsOf<Id>;
  readonly query: NonNullable<QueryOf<Id>>;
  readonly body: BodyOf<Id>;
  /** The caller is a program on this machine. */
  readonly local: boolean;
}

/** One function per operation: forgetting one does not compile. */
export type Handlers = {
  readonly [Id in OperationId]: (input: HandlerInput<Id>) => Promise<ReplyOf<Id>>;
};
