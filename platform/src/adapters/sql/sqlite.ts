import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Dialect, SqliteDialect } from 'kysely';
import Libsql from 'libsql';
import { SlipwayError } from '../../kernel/errors.ts';
import './errors.ts';

/**
 * SQLite through libsql (prebuilt). The exclusive lock is what decides who owns a home: the system frees it when the process
 * ends, however it ends. WAL keeps commits to one fsync; FULL makes each of them durable.
 */
export function sqliteDialect(path: string): { dialect: Dialect; release: () => Promise<void> } {
  let database: InstanceType<typeof Libsql> | undefined;
  try {
    database = new Libsql(path);
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
    // The lock is only taken by a first write.
    database.exec('BEGIN EXCLUSIVE');
    database.exec('COMMIT');
  } catch (error) {
    database?.close();
    throw openError(path, error);
  }
  // The driver gives the lock back when the process ends, however it ends, which is what decides who owns a home.
  const release = async () => undefined;
  return { dialect: new SqliteDialect({ database: database as never }), release };
}

function openError(path: string, error: unknown): SlipwayError {
  const message = error instanceof Error ? error.message : String(error);
  if (/locked|busy/i.test(message)) {
    const owner = ownerOf(path);
    return new SlipwayError('HOME_IN_USE', {
      message: `another Slipway owns ${dirname(path)}${owner === undefined ? '' : `: process ${owner.pid} at ${owner.url}`}`,
      fix: 'Use that one, stop it with `slipway stop`, or give --home another folder.',
      details: { home: dirname(path), ...owner },
      cause: error,
    });
  }
  if (/full|ENOSPC/i.test(message)) {
    return new SlipwayError('DISK_FULL', {
      message,
      fix: 'Free space on the disk that holds the home folder.',
      cause: error,
    });
  }
  return new SlipwayError('DATABASE_UNREADABLE', {
    message: `${path} cannot be opened as a database: ${message}`,
    fix: 'Restore it from a copy, or give --home another folder.',
    cause: error,
  });
}

function ownerOf(path: string): { pid: number; url: string } | undefined {
  const file = join(dirname(path), 'server.json');
  if (!existsSync(file)) return undefined;
  try {
    const { pid, url } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; url: string };
    return { pid, url };
  } catch {
    // A file that is just being written tells nothing; the error is complete without it.
    return undefined;
  }
}
