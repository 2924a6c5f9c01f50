import { Fragment } from 'react';
import type { StudyDetail } from '../../../../platform/src/contracts/studies.ts';
import { count } from '../../widgets/format.ts';
import { Panel } from '../../widgets/panel.tsx';

/** Split, seed, what was left out, classes and columns. */
export function StudyFacts({ study }: { readonly study: StudyDetail }) {
  return (
    <Panel title="How it was done" span="w4">
      <dl className="facts">
        <dt>Split</dt>
        <dd>{study.split.description}</dd>
        <dt>Folds</dt>
        <dd>{study.split.folds}</dd>
        <dt>Seed</dt>
        <dd>{study.seed}</dd>
        {study.failures?.map((lost) => (
          <Fragment key={lost.candidate}>
            <dt>Left out</dt>
            <dd>
              {lost.candidate} ({lost.code}): {lost.message}
            </dd>
          </Fragment>
        ))}
        {study.classes.length > 0 && (
          <>
            <dt>Classes</dt>
            <dd>
              {study.classes
                .slice(0, 30)
                .map((entry) => `${entry.label} ${count(entry.rows)}${entry.fitted ? '' : ' (not fitted)'}`)
                .join(', ')}
            </dd>
          </>
        )}
        <dt>Columns used</dt>
        <dd>{study.features.join(', ')}</dd>
      </dl>
    </Panel>
  );
}
