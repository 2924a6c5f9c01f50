declare const txBrand: unique symbol;

/** A database transaction. Opaque to rooms: they pass it to store methods. Inside one, only SQL on it may be awaited. */
export interface Tx {
  readonly [txBrand]: never;
}

export interface Transactor {
  /** Runs `work` in one transaction: all of it is durable when the promise resolves, none of it when it rejects. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
