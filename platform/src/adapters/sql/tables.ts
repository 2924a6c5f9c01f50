type Column = readonly [name: string, type: 'text' | 'bigint', nullable?: 'null'];

export interface TableSpec {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Beside `project`, which leads every primary key and index. */
  readonly key: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
}
