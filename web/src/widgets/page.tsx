import { Link } from '@tanstack/react-router';
import { createContext, type ReactNode, useContext, useEffect } from 'react';

export interface Crumb {
  readonly name: string;
  readonly to?: string;
}

/** What a page tells the frame around it. */
export interface PageInfo {
  readonly crumbs: readonly Crumb[];
  /** The command that shows the same. */
  readonly cli: string;
  readonly keys?: readonly (readonly [key: string, does: string])[];
}

export const PageContext = createContext<(info: PageInfo) => void>(() => undefined);

export function Page({ crumbs, cli, keys, children }: PageInfo & { readonly children: ReactNode }) {
  const announce = useContext(PageContext);
  const identity = JSON.stringify([crumbs, cli, keys]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the parts are compared by their content
  useEffect(() => {
    announce({ crumbs, cli, ...(keys === undefined ? {} : { keys }) });
    document.title = `${crumbs
      .map((crumb) => crumb.name)
      .reverse()
      .join(' · ')} · Slipway`;
  }, [identity]);
  return <>{children}</>;
}

export function Crumbs({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  return (
    <nav className="crumbs" aria-label="Breadcrumb">
      {crumbs.map((crumb, index) => (
        <span key={crumb.name} style={{ display: 'contents' }}>
          {index > 0 && <span aria-hidden="true">/</span>}
          {crumb.to === undefined || index === crumbs.length - 1 ? (
            <b>{crumb.name}</b>
          ) : (
            <Link to={crumb.to}>{crumb.name}</Link>
          )}
        </span>
      ))}
    </nav>
  );
}
