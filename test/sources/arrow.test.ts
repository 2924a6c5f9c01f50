import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

let h: FeedingHarness;
beforeAll(async () => {
  h = await openFeedingHarness();
});
afterAll(() => h.close());

const MOMENT = Date.UTC(2024, 1, 29, 12, 34, 56, 789);

function table(): arrow.Table {
  const decimal = (values: bigint[]) => {
    const words = new Uint32Array(
      values.flatMap((value) => [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & 0xffffffffn))),
    );
    return new arrow.Vector([
      arrow.makeData({ type: new arrow.Decimal(2, 20, 128), length: values.length, data: words }),
    ]);
  };
  return new arrow.Table({
    id: arrow.vectorFromArray([1, 2, 3], new arrow.Int32()),
    big: arrow.vectorFromArray([1n, null, -5n], new arrow.Int64()),
    huge: arrow.vectorFromArray([9007199254740993n, 1n, null], new arrow.Int64()),
    ratio: arrow.vectorFromArray([0.1, null, -1e300], new arrow.Float64()),
    yes: arrow.vectorFromArray([true, false, null], new arrow.Bool()),
    word: arrow.vectorFromArray(['NA', 'a "b", c\nd', null], new arrow.Utf8()),
    kind: arrow.vectorFromArray(['x', 'y', 'x'], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
    day: arrow.vectorFromArray(
      [new Date(Date.UTC(2024, 1, 29)), null, new Date(-86_400_000)],
      new arrow.DateDay(),
    ),
    moment: arrow.vectorFromArray([MOMENT, null, 0], new arrow.TimestampMillisecond('UTC')),
    micro: arrow.vectorFromArray([MOMENT, null, 0], new arrow.TimestampMicrosecond()),
    price: decimal([1234n, -1n, 0n]),
    wide: decimal([12345678901234567890n, -5n, 0n]),
  });
}

const EXPECTED = [
  [
    1,
    1,
    '9007199254740993',
    0.1,
    true,
    'NA',
    'x',
    '2024-02-29',
    MOMENT,
    MOMENT,
    12.34,
    '123456789012345678.90',
  ],
  [2, null, '1', null, false, 'a "b", c\nd', 'y', null, null, null, -0.01, '-0.05'],
  [3, -5, null, -1e300, null, null, 'x', '1969-12-31', 0, 0, 0, '0.00'],
];
const rows = (dataset: string) =>
  h.query(
    `SELECT id, big, huge, ratio, yes, word, kind, strftime(day, '%Y-%m-%d'), epoch_ms(moment), epoch_ms(micro), price, wide FROM ${dataset} ORDER BY id`,
  );

describe('Arrow', () => {
  it.each(['file', 'stream'] as const)('as a %s keeps every value and type', async (format) => {
    const bytes = Buffer.from(arrow.tableToIPC(table(), format));
    await h.loadFrom(`arrow_${format}`, { uri: h.write(`${format}.arrow`, bytes) });
    await expectBooks(h, `arrow_${format}`, { sourceRows: 3 });
    expect(await rows(`arrow_${format}`)).toEqual(EXPECTED);
  });

  it('is read batch by batch', async () => {
    const batch = (from: number) =>
      new arrow.Table({
        id: arrow.vectorFromArray(
          Array.from({ length: 10_000 }, (_, i) => from + i),
          new arrow.Int32(),
        ),
      }).batches[0]!;
    const whole = new arrow.Table([batch(0), batch(10_000), batch(20_000)]);
    await h.loadFrom('batches', {
      uri: h.write('batches.feather', Buffer.from(arrow.tableToIPC(whole, 'file'))),
    });
    await expectBooks(h, 'batches', { sourceRows: 30_000 });
    expect(await h.query('SELECT count(DISTINCT id), min(id), max(id) FROM batches')).toEqual([
      [30_000, 0, 29_999],
    ]);
  });

  it('is taken when it is pushed', async () => {
    const body = Buffer.from(arrow.tableToIPC(table(), 'stream'));
    expect(await h.feeding.push('pushed', { body, format: 'arrow', key: 'k' })).toMatchObject({
      rows: 3,
      repeated: false,
    });
    await h.feeding.flush('pushed');
    await expectBooks(h, 'pushed', { sourceRows: 3 });
    expect(await rows('pushed')).toEqual(EXPECTED);
  });

  it('that is cut off is refused', async () => {
    const bytes = Buffer.from(arrow.tableToIPC(table(), 'file'));
    const uri = h.write('cut.arrow', bytes.subarray(0, bytes.length - 200));
    await expect(h.loadFrom('cut', { uri })).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });
});
