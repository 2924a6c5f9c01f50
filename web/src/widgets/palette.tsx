import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useOperation } from '../api/api.ts';

interface Command {
  readonly name: string;
  readonly hint: string;
  readonly to: string;
}

const PLACES: readonly Command[] = [
  { name: 'Home', hint: 'g h', to: '/' },
  { name: 'Data sets', hint: 'g f', to: '/feeding' },
  { name: 'Studies', hint: 'g s', to: '/selection' },
  { name: 'Pipeline runs', hint: 'g p', to: '/pipelines' },
  { name: 'Reports', hint: 'g v', to: '/validation' },
  { name: 'Deployments', hint: 'g d', to: '/deployment' },
  { name: 'Monitors', hint: 'g m', to: '/monitoring' },
  { name: 'Models', hint: 'g r', to: '/registry' },
];

const SHOWN = 12;

/** Go anywhere by typing a part of its name. */
export function Palette({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [cursor, setCursor] = useState(0);
  const navigate = useNavigate();
  const commands = useCommands(open);
  useEffect(() => {
    if (open) {
      setText('');
      setCursor(0);
      dialog.current?.showModal();
    } else dialog.current?.close();
  }, [open]);
  const found = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return commands
      .filter((command) =>
        words.every((word) => `${command.name} ${command.hint}`.toLowerCase().includes(word)),
      )
      .slice(0, SHOWN);
  }, [commands, text]);
  const go = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    void navigate({ to: command.to });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown') setCursor((old) => Math.min(found.length - 1, old + 1));
    else if (event.key === 'ArrowUp') setCursor((old) => Math.max(0, old - 1));
    else if (event.key === 'Enter') go(found[cursor]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="palette" aria-label="Go to" onClose={onClose}>
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-label="Go to"
        placeholder="Go to a page, data set, model…"
        value={text}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.target.value);
          setCursor(0);
        }}
      />
      <div id="palette-list" className="options" role="listbox" tabIndex={-1}>
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
          // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the input
          <div
            key={command.to}
            role="option"
            aria-selected={index === cursor}
            onClick={() => go(command)}
            onPointerEnter={() => setCursor(index)}
          >
            {command.name}{' '}
            <span className="dimmer" style={{ marginLeft: 'auto' }}>
              {command.hint}
            </span>
          </div>
        ))}
        {found.length === 0 && <div className="dimmer">Nothing has this name.</div>}
      </div>
    </dialog>
  );
}

function useCommands(enabled: boolean): readonly Command[] {
  const datasets = useOperation('listDatasets', {}, { enabled });
  const models = useOperation('listModels', {}, { enabled });
  const deployments = useOperation('listDeployments', {}, { enabled });
  return useMemo(
    () => [
      ...PLACES,
      ...(datasets.data?.items ?? []).map(({ name }) => ({ name, hint: 'data set', to: `/feeding/${name}` })),
      ...(models.data?.items ?? []).map(({ name }) => ({ name, hint: 'model', to: `/registry/${name}` })),
      ...(deployments.data?.items ?? []).flatMap(({ name }) => [
        { name, hint: 'deployment', to: `/deployment/${name}` },
        { name, hint: 'monitor', to: `/monitoring/${name}` },
      ]),
    ],
    [datasets.data, models.data, deployments.data],
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ['⌘K', 'go to'],
  ['g h', 'home'],
  ['g f', 'data sets'],
  ['g s', 'studies'],
  ['g p', 'pipeline runs'],
  ['g v', 'reports'],
  ['g d', 'deployments'],
  ['g m', 'monitors'],
  ['g r', 'models'],
  ['j k', 'move in a table'],
  ['Enter', 'open'],
  ['c', 'copy as command'],
  ['t', 'light or dark'],
  ['?', 'these keys'],
  ['Esc', 'close'],
];

export function KeySheet({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} className="palette" aria-label="Keys" onClose={onClose}>
      <div className="body">
        <h2>Keys</h2>
        <dl className="facts">
          {KEYS.map(([key, does]) => (
            <span key={key} style={{ display: 'contents' }}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </span>
          ))}
        </dl>
      </div>
    </dialog>
  );
}
