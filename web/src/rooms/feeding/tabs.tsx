import { Link, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';

export interface Tab {
  readonly id: string;
  readonly name: string;
  /** Beside the name: a count. */
  readonly note?: string | undefined;
  readonly warns?: boolean;
}

/** A tab's address: the version stays, what belongs to another tab does not. */
function searchOf(old: Readonly<Record<string, unknown>>, tab: string, more: object = {}) {
  return { ...(old['version'] === undefined ? {} : { version: old['version'] }), tab, ...more };
}

/** Parts of a page as links, so that each has an address and opens in a window of its own. */
export function Tabs(props: {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly current: string;
}) {
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: where the row of tabs scrolls, the current one is in view
  useEffect(() => {
    const [row, link] = [nav.current, nav.current?.querySelector<HTMLElement>('[aria-current]')];
    if (row && link) row.scrollLeft = link.offsetLeft - row.offsetLeft - 24;
  }, [props.current]);
  return (
    <nav className="tabs" ref={nav} aria-label={props.label}>
      {props.tabs.map(({ id, name, note, warns = false }) => (
        <Link
          key={id}
          to="."
          search={((old: Record<string, unknown>) => searchOf(old, id)) as never}
          aria-current={props.current === id ? 'page' : undefined}
        >
          {name}
          {note !== undefined && (
            <>
              {' '}
              <small className={warns ? 'warn' : ''}>{note}</small>
            </>
          )}
        </Link>
      ))}
    </nav>
  );
}

export function TabLink(props: {
  readonly tab: string;
  readonly more?: object;
  readonly children: ReactNode;
}) {
  return (
    <Link
      className="link"
      to="."
      search={((old: Record<string, unknown>) => searchOf(old, props.tab, props.more)) as never}
    >
      {props.children}
    </Link>
  );
}

export function useTab(first: string): string {
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  return tab ?? first;
}
