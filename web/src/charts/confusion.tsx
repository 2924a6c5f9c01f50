import { count, percent } from '../widgets/format.ts';

/** Rows are what was true, columns what was said. Shade is the share of the row; agreement is blue-green, error is warm. */
export function Confusion({
  labels,
  counts,
}: {
  readonly labels: readonly string[];
  readonly counts: readonly (readonly number[])[];
}) {
  return (
    <div className="table-frame">
      <table>
        <caption className="sr">Confusion: true label by predicted label</caption>
        <thead>
          <tr>
            <th scope="col">true \ said</th>
            {labels.map((label) => (
              <th scope="col" className="num" key={label}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((row, i) => {
            const total = row.reduce((sum, value) => sum + value, 0);
            return (
              <tr key={labels[i]}>
                <th scope="row">{labels[i]}</th>
                {row.map((value, j) => (
                  <td
                    key={labels[j]}
                    className="num"
                    title={percent(total === 0 ? null : value / total)}
                    style={{
                      background: shade(total === 0 ? 0 : value / total, i === j),
                      color: 'var(--ink)',
                    }}
                  >
                    {count(value)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function shade(share: number, agree: boolean): string {
  if (share === 0) return 'transparent';
  const strength = Math.round(8 + Math.sqrt(share) * 34);
  return `color-mix(in srgb, var(${agree ? '--q4' : '--c2'}) ${strength}%, transparent)`;
}
