import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Revision } from '../../../../platform/src/contracts/deployments.ts';
import { client, queryClient } from '../../api/api.ts';
import { Failure } from '../../widgets/panel.tsx';

/** One click, one confirmation that names the effect; the former version is still warm, so it is instant. */
export function Rollback({
  name,
  previous,
}: {
  readonly name: string;
  readonly previous: Revision | undefined;
}) {
  const [open, setOpen] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const back = useMutation({
    mutationFn: () => client.call('rollback', { params: { name }, body: {} }),
    onSuccess: async () => {
      setOpen(false);
      await queryClient.invalidateQueries({ queryKey: ['getDeployment'] });
    },
  });
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  if (previous === undefined) {
    return (
      <button type="button" className="button" disabled title="There has only been one revision">
        Roll back
      </button>
    );
  }
  return (
    <>
      <button type="button" className="button danger" onClick={() => setOpen(true)}>
        Roll back to v{previous.version}
      </button>
      <dialog ref={dialog} className="palette" aria-label="Roll back" onClose={() => setOpen(false)}>
        <div className="body">
          <h2>
            Roll back {name} to v{previous.version}?
          </h2>
          <p className="dim">
            From the next request on, v{previous.version} answers. Requests under way finish; none fails. It
            is recorded as a new revision, so it can be undone.
          </p>
          {back.error !== null && <Failure error={back.error} />}
          <div style={{ display: 'flex', gap: 8, marginTop: 12, justifyContent: 'flex-end' }}>
            <button type="button" className="button" onClick={() => setOpen(false)}>
              Keep
            </button>
            <button
              type="button"
              className="button danger"
              disabled={back.isPending}
              onClick={() => back.mutate()}
            >
              Roll back to v{previous.version}
            </button>
          </div>
        </div>
      </dialog>
    </>
  );
}
