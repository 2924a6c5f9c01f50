import { useState } from 'react';
import type {
  ProposalCheck,
  ProposalDetail,
  ReviewRequest,
} from '../../../../platform/src/contracts/data-versions.ts';
import { client, useOperation } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { ConfirmButton } from '../../widgets/confirm.tsx';
import { AreaField, TextField } from '../../widgets/fields.tsx';
import { age } from '../../widgets/format.ts';
import { Empty, Failure, Loaded, Panel } from '../../widgets/panel.tsx';
import { Status, type StatusKind } from '../../widgets/status.tsx';
import { DiffView } from './diff-view.tsx';

const CHANGED = ['listProposals', 'getProposal', 'getDataset', 'listDatasets'] as const;

/** One proposal: may it be merged, and what would that change. */
export function ProposalPanel({ id }: { readonly id: string }) {
  const proposal = useOperation('getProposal', { params: { id } });
  return (
    <Loaded query={proposal} lines={6}>
      {(detail) => (
        <>
          <Checks proposal={detail} />
          <Reviews proposal={detail} />
          <Panel
            title="What it changes"
            meta={`main v${detail.base} → ${detail.branch} v${detail.head}`}
            flush
          >
            {detail.diff === null ? (
              <Empty title="The difference is gone">A version it compares was collected since.</Empty>
            ) : (
              <DiffView diff={detail.diff} />
            )}
          </Panel>
        </>
      )}
    </Loaded>
  );
}

const CHECK: Record<ProposalCheck['status'], readonly [StatusKind, string]> = {
  pass: ['pass', 'Passes'],
  warn: ['warn', 'Warns'],
  fail: ['fail', 'Fails'],
};

function Checks({ proposal }: { readonly proposal: ProposalDetail }) {
  const { id, title, description, status, blocked, checks, mergedVersion } = proposal;
  const merge = useAction(() => client.call('mergeProposal', { params: { id } }), CHANGED);
  const close = useAction(() => client.call('closeProposal', { params: { id } }), CHANGED);
  const error = merge.error ?? close.error;
  return (
    <Panel title={title} meta={`by ${proposal.author}`} span="w7" flush>
      <div className="form" style={{ padding: 12 }}>
        {description !== '' && <p style={{ whiteSpace: 'pre-wrap' }}>{description}</p>}
        <div className={blocked === null || status === 'merged' ? 'notice pass' : 'notice warn'}>
          {status === 'merged'
            ? `Merged: it is v${mergedVersion} of main.`
            : status === 'closed'
              ? 'Closed without merging.'
              : blocked === null
                ? 'It can be merged.'
                : `May not be merged: ${blocked}.`}
        </div>
        {status === 'open' && (
          <div className="acts">
            <button
              type="button"
              className="button primary"
              disabled={blocked !== null || merge.isPending}
              onClick={() => merge.mutate(undefined)}
            >
              Merge into main
            </button>
            <ConfirmButton
              label="Close"
              title={`Close '${title}'?`}
              text="It is not merged; the branch stays and can be proposed again."
              onConfirm={() => close.mutate(undefined)}
            />
          </div>
        )}
      </div>
      {error !== null && <Failure error={error} />}
      {checks.length > 0 && (
        <table>
          <caption className="sr">Checks of the proposal</caption>
          <tbody>
            {checks.map((check) => (
              <tr key={check.check}>
                <td style={{ width: 90 }}>
                  <Status kind={CHECK[check.status][0]}>{CHECK[check.status][1]}</Status>
                </td>
                <td style={{ width: 110 }}>{check.check}</td>
                <td className="wrap" style={{ maxWidth: 'none' }}>
                  {check.message}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

const VERDICT: Record<ReviewRequest['verdict'], readonly [StatusKind, string]> = {
  approve: ['pass', 'approves'],
  reject: ['fail', 'rejects'],
  comment: ['off', 'says'],
};

function Reviews({ proposal }: { readonly proposal: ProposalDetail }) {
  const { id, reviews, status, head } = proposal;
  const [comment, setComment] = useState('');
  const [reviewer, setReviewer] = useState('');
  const say = useAction(
    (verdict: ReviewRequest['verdict']) =>
      client.call('reviewProposal', {
        params: { id },
        body: { verdict, comment, ...(reviewer === '' ? {} : { reviewer }) },
      }),
    CHANGED,
    () => setComment(''),
  );
  return (
    <Panel title="Reviews" meta="the last word of each reviewer counts" span="w5">
      <div className="form">
        {reviews.length === 0 && <p className="dim">Nobody has looked at it yet.</p>}
        {reviews.map((review) => (
          <div key={`${review.reviewer}${review.at}`}>
            <Status kind={VERDICT[review.verdict][0]}>
              {review.reviewer} {VERDICT[review.verdict][1]}
            </Status>{' '}
            <span className="dimmer">
              v{review.head}
              {review.head === head ? '' : ', an older one'}, {age(review.at, Date.now())} ago
            </span>
            {review.comment !== '' && <p style={{ whiteSpace: 'pre-wrap' }}>{review.comment}</p>}
          </div>
        ))}
        {status === 'open' && (
          <>
            <div className="fields">
              <TextField label="Reviewer" value={reviewer} onChange={setReviewer} placeholder="local" />
              <AreaField label="Comment" rows={2} value={comment} onChange={setComment} />
            </div>
            <div className="acts">
              <button
                type="button"
                className="button"
                disabled={say.isPending}
                onClick={() => say.mutate('approve')}
              >
                Approve
              </button>
              <button
                type="button"
                className="button"
                disabled={say.isPending}
                onClick={() => say.mutate('reject')}
              >
                Reject
              </button>
              <button
                type="button"
                className="button"
                disabled={say.isPending || comment === ''}
                onClick={() => say.mutate('comment')}
              >
                Comment
              </button>
            </div>
            {say.error !== null && <Failure error={say.error} />}
          </>
        )}
      </div>
    </Panel>
  );
}
