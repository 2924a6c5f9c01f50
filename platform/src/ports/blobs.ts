/** Content-addressed bytes: the name of a blob is its sha256. Immutable; putting the same bytes twice is one blob. */
export interface BlobRef {
  /** Lower-case hex sha256 of the bytes. */
  readonly digest: string;
  readonly bytes: number;
}

export interface BlobStore {
  /** Durable when the promise resolves (temporary name, fsync, rename, fsync of the folder). Throws DISK_FULL. */
  put(data: Uint8Array): Promise<BlobRef>;
  /** As `put`, for a file; the file is left where it is. Moves when `consume` and on the same file system. */
  putFile(path: string, options?: { readonly consume?: boolean }): Promise<BlobRef>;
  /** As `put`, for a stream of unknown length; fails with LIMIT_EXCEEDED past `bytesMax`, and with CONFLICT when `expect` is given and differs. */
  putStream(
    stream: AsyncIterable<Uint8Array>,
    options: { readonly bytesMax: number; readonly expect?: string },
  ): Promise<BlobRef>;
  /** Throws BLOB_NOT_FOUND, and BLOB_CORRUPT when the bytes no longer have their digest. */
  get(digest: string): Promise<Uint8Array>;
  /** A path under which this machine can read the blob (children and DuckDB read files). */
  localPath(digest: string): Promise<string>;
  has(digest: string): Promise<boolean>;
  /** Bytes of a blob; undefined when there is none. */
  size(digest: string): Promise<number | undefined>;
  /**
   * Removes a blob. With `untouchedMs` only one that nobody put within that time: putting bytes that are there already counts as touching.
   *
   * @returns whether it was there and is gone
   */
  delete(digest: string, options?: { readonly untouchedMs?: number }): Promise<boolean>;
  list(): AsyncIterable<BlobRef>;
}
