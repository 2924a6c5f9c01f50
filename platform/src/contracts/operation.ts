import { type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { PageQuery } from './common.ts';

/** One operation of the API: the server validates by it, the client is typed by it, the OpenAPI document is made of it. */
export interface Operation {
  /** Imperative sentence without a full stop. */
  readonly summary: string;
  readonly tag: string;
  /** Parts of the path. */
  readonly params?: TObject;
  readonly query?: TObject;
  /** JSON body. Absent: the operation takes none. */
  readonly body?: TSchema;
  readonly reply: TSchema;
  /** Status of success. Default 200. */
  readonly status?: 200 | 202;
}

export const ByName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });
export const ById = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });
export const ByVersion = Type.Object({ ...ByName.properties, version: Type.Integer({ minimum: 1 }) });
export const Removed = Type.Object({ removed: Type.String() });

/** Unknown members are refused: a misspelt filter must not silently answer everything. */
export const closed = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

export const Paging = closed(PageQuery.properties);
export const limit = (maximum: number) => Type.Optional(Type.Integer({ minimum: 1, maximum }));
