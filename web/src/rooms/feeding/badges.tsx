import type { ColumnProfile } from '../../../../platform/src/contracts/profile.ts';
import { percent } from '../../widgets/format.ts';
import { Status } from '../../widgets/status.tsx';

const PII: Record<NonNullable<NonNullable<ColumnProfile['pii']>>['kind'], string> = {
  email: 'e-mail',
  phone: 'phone',
  card: 'card number',
  'national-id': 'national id',
};

const ISSUES: Record<NonNullable<ColumnProfile['issues']>[number]['issue'], string> = {
  constant: 'constant',
  identifier: 'identifier',
  'mostly-missing': 'mostly missing',
  duplicate: 'same as',
};

/** What of a column needs a look: personal data, and what a search for a model would stumble over. */
export function Badges({ column }: { readonly column: ColumnProfile }) {
  return (
    <span className="badges">
      {column.pii != null && (
        <Status kind="warn" pill>
          PII: {PII[column.pii.kind]} {percent(column.pii.share, 0)}
        </Status>
      )}
      {(column.issues ?? []).map(({ issue, of }) => (
        <Status key={`${issue}${of}`} kind="open" pill>
          {ISSUES[issue]}
          {of === undefined ? '' : ` ${of}`}
        </Status>
      ))}
    </span>
  );
}
