import '@mantine/core/styles/baseline.css';
import './theme/base.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/api.ts';
import { router } from './router.tsx';
import { theme, variables } from './theme/theme.ts';

/** `?theme=light|dark` forces a theme, for links and pictures. */
const forced = new URLSearchParams(window.location.search).get('theme');

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      {...(forced === 'light' || forced === 'dark' ? { forceColorScheme: forced } : {})}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
