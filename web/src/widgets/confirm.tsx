import { type ReactNode, useEffect, useRef, useState } from 'react';

/** A button of something that cannot be undone: one confirmation, which names the effect. */
export function ConfirmButton(props: {
  readonly label: string;
  readonly title: string;
  readonly text: ReactNode;
  readonly disabled?: boolean;
  /** Where the same words stand several times on a page: what this one is about. */
  readonly about?: string;
  readonly onConfirm: () => void;
}) {
  const { label, title, text, disabled = false, about, onConfirm } = props;
  const [open, setOpen] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <>
      <button
        type="button"
        className="button danger"
        disabled={disabled}
        {...(about === undefined ? {} : { 'aria-label': `${label} ${about}` })}
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
      <dialog ref={dialog} className="palette" aria-label={title} onClose={() => setOpen(false)}>
        {open && (
          <div className="body">
            <h2>{title}</h2>
            <p className="dim">{text}</p>
            <div style={{ display: 'flex', gap: 8, marginTop: 12, justifyContent: 'flex-end' }}>
              <button type="button" className="button" onClick={() => setOpen(false)}>
                Cancel
              </button>
              <button
                type="button"
                className="button danger"
                onClick={() => {
                  setOpen(false);
                  onConfirm();
                }}
              >
                {label}
              </button>
            </div>
          </div>
        )}
      </dialog>
    </>
  );
}
