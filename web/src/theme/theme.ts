import { type CSSVariablesResolver, createTheme } from '@mantine/core';
import { cssVariables, DARK, LIGHT } from './tokens.ts';

export const theme = createTheme({
  fontFamily: "'Inter Variable', Inter, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SF Mono', 'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '20px' },
  defaultRadius: '4px',
  cursorType: 'pointer',
});

/** Slipway's tokens become CSS variables; Mantine's own few that are used follow them. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...cssVariables(LIGHT), ...mantine },
  dark: { ...cssVariables(DARK), ...mantine },
});

const mantine = {
  '--mantine-color-body': 'var(--bg)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line-2)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--mantine-color-placeholder': 'var(--ink-3)',
};
