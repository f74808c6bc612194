/** Builds dist/: bundled ES modules that load only what a command needs, and the types of the public API. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const root = new URL('.', import.meta.url).pathname;
const pkg = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const version = /VERSION = '([^']+)'/.exec(readFileSync(`${root}src/version.ts`, 'utf8'))?.[1];
if (version !== pkg.version) throw new Error(`src/version.ts says ${version}, package.json ${pkg.version}`);

// commander loads it for commands that are programs of their own; there are none here.
const noChildProcess = {
  name: 'no-child-process',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('commander') ? { path: 'none', namespace: 'none' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  entryPoints: { main: 'src/main.ts', index: 'src/index.ts', 'emulator/index': 'src/emulator/index.ts' },
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  minifyIdentifiers: true,
  chunkNames: 'chunks/[name]-[hash]',
  plugins: [noChildProcess],
  // blessed loads its widgets by computed paths, so it cannot be bundled.
  external: ['blessed', ...Object.keys(pkg.dependencies ?? {}).filter((d) => !['commander', 'string-width', 'cli-table3'].includes(d))],
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
});
chmodSync(`${root}dist/main.js`, 0o755);
if (!process.argv.includes('--no-types')) {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' });
}
