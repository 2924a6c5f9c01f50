import type { ReactNode } from 'react';

const PATHS: Record<string, ReactNode> = {
  home: <path d="M2.500 9h3l1 2h3l1-2h3M2.500 9l2-5.500h7l2 5.500v4h-11z" />,
  feeding: <path d="M8 2.500v7m-3-3 3 3 3-3M2.500 11v2.500h11V11" />,
  selection: <path d="M2.500 2.500v11h11M5 10l2.500-3.500 2 2 3.500-4.500" />,
  pipelines: (
    <path d="M2.500 3h3.500v3H2.500zM10 3h3.500v3H10zM2.500 10.500H6v3H2.500zM6 4.500h4M4.250 6v4.500M6 12h5.750V6" />
  ),
  validation: <path d="M8 2 13 4v4c0 3-2.200 5-5 6-2.800-1-5-3-5-6V4zM5.700 8l1.700 1.700 3-3.300" />,
  deployment: (
    <path d="M2.500 8H6c2.500 0 2-4.500 5-4.500h2M6 8c2.500 0 2 4.500 5 4.500h2M11.300 1.800 13 3.500l-1.700 1.700M11.300 10.800 13 12.500l-1.700 1.700" />
  ),
  monitoring: <path d="M1.500 8.500h3l1.800-5 3 9 1.800-4h3.400" />,
  registry: <path d="m8 2 5.500 3v6L8 14l-5.500-3V5zM2.500 5 8 8l5.500-3M8 8v6" />,
};

export function Icon({ name }: { readonly name: string }) {
  return (
    <svg
      width={16}
      height={16}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}

export function Logo() {
  return (
    <svg width={22} height={22} viewBox="0 0 24 24" aria-hidden="true">
      <path d="M4 13.500 13 4l.4 7.600 6.400 1.200-3.400 4.400H6.600z" fill="currentColor" />
      <path
        d="M2 19.800c2.400-1.600 4.600 1.300 7 0s4.600 1.300 7 0 4 1 6 0"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
      />
    </svg>
  );
}
