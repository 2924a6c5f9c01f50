import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnCoercion } from '../../tables/coercion.ts';
import type { PredictionBatch, ServableModel } from '../types.ts';
import { readInvocation, writeInvocation } from './mlflow.ts';
import { modelMetadata, readInfer, writeInfer } from './open-inference.ts';
import { readBinaryTensor, writeBinaryTensor } from './tensors.ts';

const coercion = (
  column: string,
  type: ColumnCoercion['type'],
  missingTokens: string[] = [],
): ColumnCoercion => ({
  column,
  type,
  missingTokens,
  dateFormat: 'iso',
  emits: [{ name: column, kind: type === 'string' ? 'categorical' : 'numeric', part: 'value', origin: 0 }],
});

const model: ServableModel = {
  model: 'm',
  version: 3,
  modelDigest: 'd',
  onnxPath: '',
  coercions: [coercion('age', 'integer'), coercion('city', 'string', ['?']), coercion('seen', 'timestamp')],
  signature: {
    task: 'binary',
    target: 'y',
    labels: ['no', 'yes'],
    numericLabels: false,
    positive: 'yes',
    inputs: [
      { name: 'age', type: 'integer', optional: false, example: 30 },
      { name: 'city', type: 'string', optional: true, example: 'Cork' },
      { name: 'seen', type: 'timestamp', optional: true, example: '2026-01-01T00:00:00Z' },
    ],
  },
};

const body = (value: unknown) => Buffer.from(JSON.stringify(value));
const invoke = (value: unknown) => readInvocation(body(value), undefined, model);

describe('reasons', () => {
  const record = { age: 30, city: 'Cork', seen: null };
  const reasons = [
    { of: 'yes', score: 1, base: 0.5, columns: [{ column: 'age', value: 30, contribution: 0.4 }], rest: 0.1 },
  ];
  const batch: PredictionBatch = {
    ...{ ids: ['a'], outputs: Float32Array.of(0.25, 0.75), outputsPerRow: 2, revision: 1, model },
  };

  it('are asked for in both protocols, and are no part of an answer otherwise', () => {
    const asked = invoke({ dataframe_records: [record], params: { reasons: 3 } });
    expect(asked.reasons).toBe(3);
    expect(JSON.parse(writeInvocation(batch, false, reasons))).toMatchObject({
      predictions: ['yes'],
      reasons,
    });
    expect(invoke({ dataframe_records: [record] }).reasons).toBe(0);
    expect(JSON.parse(writeInvocation(batch, false))).not.toHaveProperty('reasons');
    const inputs = [{ name: 'age', shape: [1, 1], datatype: 'INT64', data: [30] }];
    const infer = readInfer(body({ inputs, parameters: { reasons: 1 } }), undefined, model);
    expect(infer.reasons).toBe(1);
    const { outputs } = JSON.parse(writeInfer(infer, batch, reasons).body as string);
    expect(outputs[2]).toMatchObject({ name: 'reasons', datatype: 'BYTES', shape: [1] });
    expect(JSON.parse(outputs[2].data[0])).toEqual(reasons[0]);
  });

  it('are refused when they are no number of columns, or for too many rows', () => {
    const asking =
      (value: unknown, rows = 1) =>
      () =>
        invoke({ dataframe_records: new Array(rows).fill(record), params: { reasons: value } });
    for (const wrong of [0, -1, 1.5, true, 'all']) expect(asking(wrong)).toThrow(/no number of columns/);
    expect(asking(3, 1001)).toThrow(/1001 rows; the limit is 1000/);
  });
});

describe('invocations', () => {
  const same = {
    rows: 2,
    columns: [
      Float64Array.of(30, Number.NaN),
      ['Cork', ''],
      Float64Array.of(Date.UTC(2026, 0, 2), Number.NaN),
    ],
  };
  const rows = [
    [30, 'Cork', '2026-01-02'],
    [null, '?', null],
  ];
  const records = rows.map(([age, city, seen]) => ({ age, city, seen, extra: 1 }));

  it('reads the same rows from all of its forms', () => {
    const csv = 'city,age,seen\nCork,30,2026-01-02\n?,,\n';
    const forms = [
      invoke({ dataframe_split: { columns: ['age', 'city', 'seen'], data: rows } }),
      invoke({ dataframe_records: records }),
      invoke({ instances: records }),
      invoke({ instances: rows }),
      invoke({ inputs: { age: [30, null], city: ['Cork', '?'], seen: ['2026-01-02', null] } }),
      readInvocation(Buffer.from(csv), 'text/csv; charset=utf-8', model),
    ];
    for (const form of forms) expect(form.request).toEqual(same);
  });

  it('lets a column be left out where training rows lacked it, and names one that must be sent', () => {
    expect(invoke({ dataframe_records: [{ age: 1 }] }).request.columns[1]).toEqual(['']);
    expect(() => invoke({ dataframe_records: [{ city: 'Cork' }] })).toThrow(/no column 'age'/);
  });

  it('names column and row of a value of the wrong type', () => {
    expect(() => invoke({ dataframe_records: [{ age: 1 }, { age: 'old' }] })).toThrow(
      /column 'age', row 1: "old" is not a integer/,
    );
  });

  it('refuses broken JSON, no form, two forms, ragged rows and a million rows, each with a code', () => {
    const code = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code(() => readInvocation(Buffer.from('{"a":'), undefined, model))).toBe('INPUT_UNREADABLE');
    expect(code(() => readInvocation(Buffer.from('[1]'), undefined, model))).toBe('INPUT_UNREADABLE');
    expect(code(() => invoke({}))).toBe('INPUT_UNREADABLE');
    expect(code(() => invoke({ instances: [], inputs: [] }))).toBe('INPUT_UNREADABLE');
    expect(code(() => invoke({ dataframe_split: { columns: ['age'], data: [[1, 2]] } }))).toBe(
      'INPUT_UNREADABLE',
    );
    expect(code(() => invoke({ dataframe_split: { columns: ['age'], data: 5 } }))).toBe('INPUT_UNREADABLE');
    const million = new Array<number[]>(1_000_000).fill([1]);
    expect(code(() => invoke({ dataframe_split: { columns: ['age'], data: million } }))).toBe(
      'INPUT_TOO_LARGE',
    );
  });

  it('answers labels, numbers for numeric labels, and probabilities by label when asked', () => {
    const batch: PredictionBatch = {
      ids: ['a', 'b'],
      outputs: Float32Array.of(0.75, 0.25, 0.5, 0.5),
      outputsPerRow: 2,
      revision: 1,
      model,
    };
    expect(JSON.parse(writeInvocation(batch, false))).toEqual({
      predictions: ['no', 'no'],
      prediction_ids: ['a', 'b'],
    });
    expect(JSON.parse(writeInvocation(batch, true)).predictions[0]).toEqual({
      label: 'no',
      probabilities: { no: 0.75, yes: 0.25 },
    });
    const numeric = {
      ...batch,
      model: { ...model, signature: { ...model.signature, labels: ['0', '1'], numericLabels: true } },
    };
    expect(JSON.parse(writeInvocation(numeric, false)).predictions).toEqual([0, 0]);
    const regression = {
      ...batch,
      ids: ['a'],
      outputs: Float32Array.of(1.5),
      outputsPerRow: 1,
      model: { ...model, signature: { ...model.signature, labels: [] } },
    };
    expect(JSON.parse(writeInvocation(regression, true)).predictions).toEqual([1.5]);
  });
});

describe('Open Inference Protocol', () => {
  const inputs = [
    { name: 'age', shape: [2, 1], datatype: 'INT64', data: [30, 40] },
    { name: 'city', shape: [2], datatype: 'BYTES', data: ['Cork', 'Hull'] },
  ];

  it('reads flat and nested data, echoes the id, and answers what is asked for', () => {
    const asked = readInfer(
      body({
        id: 'q',
        inputs: [{ ...inputs[0], data: [[30], [40]] }, inputs[1]],
        outputs: [{ name: 'label' }],
      }),
      undefined,
      model,
    );
    expect(asked.request.columns[0]).toEqual(Float64Array.of(30, 40));
    const batch: PredictionBatch = {
      ids: ['a', 'b'],
      outputs: Float32Array.of(0.25, 0.75, 0.5, 0.5),
      outputsPerRow: 2,
      revision: 1,
      model,
    };
    const reply = JSON.parse(String(writeInfer(asked, batch).body));
    expect(reply).toMatchObject({
      id: 'q',
      model_name: 'm',
      model_version: '3',
      outputs: [{ name: 'label', datatype: 'BYTES', shape: [2], data: ['yes', 'no'] }],
    });
    expect(() => writeInfer({ ...asked, outputs: [{ name: 'logits', binary: false }] }, batch)).toThrow(
      /no output 'logits'/,
    );
  });

  it('reads and writes binary tensors as their JSON twins', () => {
    const age = writeBinaryTensor({ datatype: 'INT64', data: [30, 40] });
    const city = writeBinaryTensor({ datatype: 'BYTES', data: ['Cork', 'Évora'] });
    const header = body({
      inputs: [
        { name: 'age', shape: [2, 1], datatype: 'INT64', parameters: { binary_data_size: age.length } },
        { name: 'city', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: city.length } },
      ],
      parameters: { binary_data_output: true },
    });
    const asked = readInfer(Buffer.concat([header, age, city]), header.length, model);
    expect(asked.request.columns.slice(0, 2)).toEqual([Float64Array.of(30, 40), ['Cork', 'Évora']]);
    const batch: PredictionBatch = {
      ids: ['a', 'b'],
      outputs: Float32Array.of(0.25, 0.75, 0.5, 0.5),
      outputsPerRow: 2,
      revision: 1,
      model,
    };
    const { body: bytes, headerLength } = writeInfer(asked, batch);
    const json = JSON.parse((bytes as Buffer).toString('utf8', 0, headerLength));
    const [label, probabilities] = json.outputs;
    const rest = (bytes as Buffer).subarray(headerLength);
    const first = label.parameters.binary_data_size as number;
    expect(readBinaryTensor(label, rest.subarray(0, first), first)).toEqual(['yes', 'no']);
    const second = probabilities.parameters.binary_data_size as number;
    expect(readBinaryTensor(probabilities, rest.subarray(first, first + second), second)).toEqual([
      0.25, 0.75, 0.5, 0.5,
    ]);
  });

  it('round-trips texts and numbers of every datatype through the binary form', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 20 }), (data) => {
        const bytes = writeBinaryTensor({ datatype: 'BYTES', data });
        expect(
          readBinaryTensor({ name: 'x', datatype: 'BYTES', shape: [data.length] }, bytes, bytes.length),
        ).toEqual(data.map((text) => Buffer.from(text).toString('utf8')));
      }),
    );
    for (const datatype of ['UINT8', 'UINT16', 'UINT32', 'INT8', 'INT16', 'INT32', 'FP32', 'FP64']) {
      const bytes = writeBinaryTensor({ datatype, data: [1, 2, 100] });
      expect(readBinaryTensor({ name: 'x', datatype, shape: [3] }, bytes, bytes.length)).toEqual([1, 2, 100]);
    }
  });

  it('refuses shapes that do not fit, missing parts, short binary data and a bad header length', () => {
    const read = (value: unknown, length?: number) => readInfer(body(value), length, model);
    expect(() => read({ inputs: [{ ...inputs[0], shape: [3, 1] }] })).toThrow(/shape \[3, 1\]/);
    expect(() => read({ inputs: [inputs[0], { ...inputs[1], shape: [1], data: ['x'] }] })).toThrow(
      /does not fit/,
    );
    expect(() => read({ inputs: [] })).toThrow(/no inputs/);
    expect(() => read({ inputs: [{ name: 'age' }] })).toThrow(/lacks name, shape or datatype/);
    expect(() => read({ inputs }, 10_000_000)).toThrow(/not a length within the body/);
    expect(() =>
      read({ inputs: [{ name: 'age', shape: [1], datatype: 'INT64', parameters: { binary_data_size: 8 } }] }),
    ).toThrow(/announces 8 bytes, 0 came/);
  });

  it('describes the raw columns as tensors', () => {
    expect(modelMetadata(model)).toMatchObject({
      platform: 'onnx_onnxv1',
      inputs: [
        { name: 'age', datatype: 'INT64', shape: [-1, 1] },
        { name: 'city', datatype: 'BYTES' },
        { name: 'seen', datatype: 'BYTES' },
      ],
      outputs: [
        { name: 'label', datatype: 'BYTES' },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
      ],
    });
  });
});
