import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', cssCodeSplit: true },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:7070',
      '/v2': 'http://127.0.0.1:7070',
      '/models': 'http://127.0.0.1:7070',
    },
  },
});
