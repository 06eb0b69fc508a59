import { defineConfig } from 'vite';

/** The page is one self-hosted folder: no inlined assets, so that a strict content security policy holds. */
export default defineConfig({
  base: './',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});
