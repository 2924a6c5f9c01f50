import type { RowReasons } from '../../contracts/deployments.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { parseCsvText } from '../../tables/csv-text.ts';
import type { DecodedRequest, PredictionBatch } from '../types.ts';
import {
  decodeColumns,
  labelsOf,
  type ProtocolModel,
  readReasons,
  requireRows,
  unreadableInput,
} from './inputs.ts';

/** MLflow's scoring protocol: exactly one of four JSON forms, or CSV. https://mlflow.org/docs/latest/deployment/ */
export interface Invocation {
  readonly request: DecodedRequest;
  /** Asked by `"params": {"probabilities": true}`. */
  readonly probabilities: boolean;
  /** Columns told per row as reasons, asked by `"params": {"reasons": 3}`; 0: none. */
  readonly reasons: number;
}

const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;
const FORMS_FIX = `Send exactly one of ${FORMS.join(', ')}, or text/csv with a header.`;

export function readInvocation(
  body: Buffer,
  contentType: string | undefined,
  model: ProtocolModel,
): Invocation {
  if (contentType !== undefined && /^(text|application)\/csv/i.test(contentType)) {
    return { request: readCsv(body.toString('utf8'), model), probabilities: false, reasons: 0 };
  }
  const json = readJson(body);
  const forms = FORMS.filter((form) => json[form] !== undefined);
  if (forms.length !== 1) {
    throw unreadableInput(
      forms.length === 0 ? 'the body holds no rows' : `the body holds ${forms.join(' and ')}`,
      FORMS_FIX,
    );
  }
  const params = json['params'] as { probabilities?: unknown; reasons?: unknown } | null | undefined;
  const request = readForm(forms[0]!, json[forms[0]!], model);
  return {
    request,
    probabilities: params?.probabilities === true,
    reasons: readReasons(params?.reasons, request.rows),
  };
}

function readJson(body: Buffer): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw unreadableInput(`the body is not JSON: ${(error as Error).message.slice(0, 200)}`, FORMS_FIX);
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw unreadableInput('the body is not a JSON object', FORMS_FIX);
  return json as Record<string, unknown>;
}

function readForm(form: (typeof FORMS)[number], value: unknown, model: ProtocolModel): DecodedRequest {
  switch (form) {
    case 'dataframe_split':
      return readSplit(value, model);
    case 'dataframe_records':
      return readRecords(form, value, model);
    case 'instances':
      return Array.isArray(value) && Array.isArray(value[0])
        ? readMatrix(value, inputNames(model), model)
        : readRecords(form, value, model);
    case 'inputs':
      return readInputs(value, model);
  }
}

function inputNames(model: ProtocolModel): string[] {
  return model.signature.inputs.map((input) => input.name);
}

function readSplit(value: unknown, model: ProtocolModel): DecodedRequest {
  const { columns, data } = (value ?? {}) as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data)) {
    throw unreadableInput(
      'dataframe_split has no columns and data',
      'Send {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}.',
    );
  }
  return readMatrix(data, columns.map(String), model);
}

/** Rows as arrays. */
function readMatrix(
  rows: readonly unknown[],
  names: readonly string[],
  model: ProtocolModel,
): DecodedRequest {
  requireRows(rows.length);
  const bad = rows.findIndex((row) => !Array.isArray(row) || row.length !== names.length);
  if (bad !== -1)
    throw unreadableInput(
      `row ${bad} is not an array of ${names.length} values`,
      `Send the values of ${names.slice(0, 5).join(', ')}… in order.`,
    );
  return decodeColumns(model, rows.length, (name) => {
    const index = names.indexOf(name);
    return index === -1 ? undefined : rows.map((row) => (row as unknown[])[index]);
  });
}

function readRecords(form: string, value: unknown, model: ProtocolModel): DecodedRequest {
  if (
    !Array.isArray(value) ||
    value.some((row) => row === null || typeof row !== 'object' || Array.isArray(row))
  ) {
    throw unreadableInput(`${form} is not an array of objects`, 'Send [{"a": 1, "b": 2}, …].');
  }
  const rows = value as Record<string, unknown>[];
  requireRows(rows.length);
  return decodeColumns(model, rows.length, (name) => {
    if (rows.length > 0 && rows.every((row) => !Object.hasOwn(row, name))) return undefined;
    return rows.map((row) => row[name]);
  });
}

/** A dictionary of columns; scalars are one row. */
function readInputs(value: unknown, model: ProtocolModel): DecodedRequest {
  if (Array.isArray(value))
    return Array.isArray(value[0])
      ? readMatrix(value, inputNames(model), model)
      : readRecords('inputs', value, model);
  if (value === null || typeof value !== 'object')
    throw unreadableInput('inputs is neither an object nor an array', FORMS_FIX);
  const columns = value as Record<string, unknown>;
  const first = Object.values(columns).find(Array.isArray);
  const rows = first?.length ?? 1;
  return decodeColumns(model, rows, (name) => {
    if (!Object.hasOwn(columns, name)) return undefined;
    const column = columns[name];
    return Array.isArray(column)
      ? column.map((cell) => (Array.isArray(cell) && cell.length === 1 ? cell[0] : cell))
      : [column];
  });
}

function readCsv(text: string, model: ProtocolModel): DecodedRequest {
  const [names, ...rows] = parseCsvText(text, ',', LIMITS.inferRowsMax + 2);
  if (names === undefined)
    throw unreadableInput('the CSV body is empty', 'Send a header line and one line per row.');
  return readMatrix(rows, names, model);
}

export function writeInvocation(
  batch: PredictionBatch,
  probabilities: boolean,
  reasons?: readonly RowReasons[],
): string {
  const { signature } = batch.model;
  const labels = labelsOf(signature, batch.outputs);
  const k = signature.labels.length;
  const predictions =
    probabilities && k > 0
      ? labels.map((label, row) => ({
          label,
          probabilities: Object.fromEntries(
            signature.labels.map((name, i) => [name, batch.outputs[row * k + i]!]),
          ),
        }))
      : labels;
  return JSON.stringify({
    predictions,
    prediction_ids: batch.ids,
    ...(reasons === undefined ? {} : { reasons }),
  });
}
