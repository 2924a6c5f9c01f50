import type { ReactNode } from 'react';

export interface Stat {
  readonly label: string;
  readonly value: ReactNode;
  readonly unit?: ReactNode;
  readonly note?: ReactNode;
}

/** The answer of the page in its largest figure, with its uncertainty, and a few figures beside it. */
export function FirstNumber(props: {
  readonly label: string;
  readonly value: ReactNode;
  readonly unit?: ReactNode;
  readonly note?: ReactNode;
  readonly gauge?: ReactNode;
  readonly stats: readonly Stat[];
  readonly tone?: 'fail';
}) {
  const { label, value, unit, note, gauge, stats, tone } = props;
  return (
    <section
      className="first"
      style={gauge === undefined ? { gridTemplateColumns: 'auto minmax(0, 1fr)' } : {}}
    >
      <div>
        <div className="first-label">{label}</div>
        <div className={`first-number ${tone ?? ''}`}>
          <span>{value}</span>
          {unit !== undefined && <small>{unit}</small>}
        </div>
        {note !== undefined && <div className="first-note">{note}</div>}
      </div>
      {gauge}
      <dl className="stats">
        {stats.map((stat) => (
          <div key={stat.label}>
            <dt>{stat.label}</dt>
            <dd>
              {stat.value} {stat.unit !== undefined && <small>{stat.unit}</small>}
            </dd>
            {stat.note !== undefined && <dd className="note">{stat.note}</dd>}
          </div>
        ))}
      </dl>
    </section>
  );
}

export function PageHead({
  title,
  tags,
  text,
  actions,
}: {
  readonly title: ReactNode;
  readonly tags?: ReactNode;
  readonly text?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className="head">
      <div>
        <h1>
          {title} {tags}
        </h1>
        {text !== undefined && <p>{text}</p>}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  );
}
