import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../kernel/errors.ts';
import { notFoundError } from './not-found.ts';
import { namedError, problemOf } from './problem.ts';
import { readQuery } from './query.ts';

describe('problems', () => {
  it('carry code, fix, details and exit of the error', () => {
    const error = new SlipwayError('NOT_FOUND', { message: 'no x', fix: 'Make x.', details: { name: 'x' } });
    expect(problemOf(error, '/api/v1/x')).toEqual({
      type: '/api/docs#NOT_FOUND',
      title: 'There is no such thing',
      status: 404,
      detail: 'no x',
      code: 'NOT_FOUND',
      fix: 'Make x.',
      instance: '/api/v1/x',
      details: { name: 'x' },
      exit: 3,
    });
  });
  it('name what anything thrown is', () => {
    expect(namedError(new Error('boom'))).toMatchObject({ code: 'INTERNAL', message: 'boom' });
    expect(namedError(undefined)).toMatchObject({ code: 'INTERNAL' });
    expect(namedError(Object.assign(new Error('big'), { statusCode: 413 }))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(namedError(Object.assign(new Error('bad json'), { statusCode: 400 }))).toMatchObject({
      code: 'REQUEST_INVALID',
    });
    expect(namedError(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toMatchObject({
      code: 'DISK_FULL',
    });
  });
  it('say which part of a request does not fit', () => {
    const failure = {
      validationContext: 'querystring',
      validation: [
        { instancePath: '', keyword: 'additionalProperties', params: { additionalProperty: 'limt' } },
      ],
    };
    expect(namedError(failure).message).toBe("query has an unknown member 'limt'");
  });
});

describe('unknown paths', () => {
  it('name the nearest path', () => {
    expect(notFoundError('GET', '/api/v1/modls')).toMatchObject({
      code: 'NOT_FOUND',
      details: { nearest: '/api/v1/models' },
    });
  });
  it('name the methods a known path has', () => {
    expect(notFoundError('PUT', '/api/v1/models/adult')).toMatchObject({
      code: 'METHOD_NOT_ALLOWED',
      details: { allowed: ['GET', 'DELETE'] },
    });
  });
});

describe('readQuery', () => {
  const schema = {
    properties: { limit: { type: 'integer' }, live: { type: 'boolean' }, name: { type: 'string' } },
  };
  it('reads numbers and booleans by the schema, and leaves text that is neither', () => {
    expect(readQuery(schema as never, { limit: '5', live: 'true', name: '5', other: '1' })).toEqual({
      limit: 5,
      live: true,
      name: '5',
      other: '1',
    });
    expect(readQuery(schema as never, { limit: '5x', live: 'yes' })).toEqual({ limit: '5x', live: 'yes' });
  });
});
