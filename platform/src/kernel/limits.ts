/** Every bound of the program, by name, with its unit in the name. A queue, body, loop or retry without one is a bug. */
export const LIMITS = {
  /** Body of an ordinary API request. */
  apiBodyBytesMax: 4 * 1024 * 1024,
  /** Body of an inference request. */
  inferBodyBytesMax: 64 * 1024 * 1024,
  /** Rows in one inference request. */
  inferRowsMax: 100_000,
  /** Rows of one inference request that asks for reasons: they hold up the model's worker far longer than predictions. */
  reasonsRowsMax: 1_000,
  /** Rows waiting in front of one model's worker before requests are answered 429. */
  inferQueueRowsMax: 200_000,
  /** Body of pushed rows, packed and unpacked. */
  pushBodyBytesMax: 32 * 1024 * 1024,
  /** An uploaded source file. */
  uploadBytesMax: 64 * 1024 * 1024 * 1024,
  /** A packed source may unpack to this many bytes whatever its size; beyond them only to `unpackRatioMax` times its size. */
  unpackBytesFree: 256 * 1024 * 1024,
  /** Real tables pack to a tenth or a thirtieth; what packs better than this is made to fill a disk. */
  unpackRatioMax: 500,
  /** One line of a text source. A longer line is quarantined (its bytes stay in the source). */
  sourceLineBytesMax: 16 * 1024 * 1024,
  /** One of many small files that are read together, unpacked. */
  gatheredFileBytesMax: 1024 ** 3,
  /** Files or objects of one source. */
  sourceFilesMax: 200_000,
  /** Bytes fetched from one address or as one object; the same for what a packed body unpacks to. */
  sourceFileBytesMax: 64 * 1024 * 1024 * 1024,
  /** Times that a download is taken up again after the connection broke off without bringing a byte. */
  sourceRetriesMax: 5,
  sourceRedirectsMax: 5,
  /** Silence of a source, before its headers or between two pieces of its body. */
  sourceSilenceSecondsMax: 60,
  /** One statement of a source database. */
  sourceStatementSecondsMax: 6 * 3600,
  columnsMax: 10_000,
  classesMax: 1_000,
  pageItemsDefault: 50,
  pageItemsMax: 1_000,
  eventBacklogMax: 10_000,
  sseClientsMax: 200,
  logLineCharsMax: 16_384,
  stepRetriesMax: 3,
  crashRecoveriesMax: 50,
  launchBudgetSecondsMax: 24 * 3600,
  quarantineSampleMax: 1_000,
  nameCharsMax: 120,
} as const;
