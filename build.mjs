/** Builds dist/: the program as one script with its compiled code, the library as bundled ES modules, and its types. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';
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
const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  plugins: [noChildProcess],
  legalComments: 'none',
  logLevel: 'warning',
};
const packages = Object.keys(pkg.dependencies ?? {});
await build({
  ...common,
  entryPoints: { index: 'src/index.ts', 'emulator/index': 'src/emulator/index.ts' },
  outExtension: { '.js': '.mjs' },
  splitting: true,
  format: 'esm',
  chunkNames: 'chunks/[name]-[hash]',
  external: packages,
});
await build({ ...common, entryPoints: { main: 'src/launch.ts' }, format: 'cjs' });
// One script, so that its compiled code can be kept. blessed loads its widgets by computed paths, x509 is wanted by few: they stay outside.
await build({
  ...common,
  entryPoints: { program: 'src/main.ts' },
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  // A script whose code was kept cannot import: packages that stay outside are required.
  supported: { 'dynamic-import': false },
  banner: { js: '(function (require) { const module = { exports: {} };' },
  footer: { js: '})' },
  external: ['blessed', '@peculiar/x509', 'reflect-metadata'],
});
chmodSync(`${root}dist/main.js`, 0o755);
// What starts the program is CommonJS, which node loads sooner; the library says by its name that it is not, its types by a file of their own.
writeFileSync(`${root}dist/package.json`, '{ "type": "commonjs" }\n');
writeFileSync(`${root}dist/help.txt`, execFileSync(process.execPath, [`${root}dist/main.js`, '--help']));
const sample = `${root}captures/courier-session/courier-session.pcap`;
// Several at once: a table writes its rows in another way once their widths are known.
const samples = [...Array(5).fill(sample), `${root}captures/broken/broken.pcap`];
if (samples.every(existsSync))
  keepCode([
    ['list', sample],
    ['list', ...samples],
    ['list', '--format', 'jsonl', sample],
    ['stats', sample],
  ]);

/** Runs the program and keeps what V8 compiled of it; each run starts with the code of those before. */
function keepCode(runs) {
  const kept = `${root}dist/code.bin`;
  const driver = `
    const { readFileSync, writeFileSync, existsSync } = require('node:fs');
    const { Script } = require('node:vm');
    const [file, kept, ...words] = process.argv.slice(1);
    const script = new Script(readFileSync(file, 'latin1'), {
      filename: file,
      cachedData: existsSync(kept) ? readFileSync(kept) : undefined,
    });
    process.argv = [process.argv[0], file, ...words];
    process.on('exit', () => writeFileSync(kept, script.createCachedData()));
    const load = require('node:module').createRequire(file);
    // V8 refuses code that was kept under other flags than those it starts with.
    script.runInThisContext()((name) => (name === 'node:v8' ? { ...load(name), setFlagsFromString() {} } : load(name)));`;
  for (const words of runs) {
    execFileSync(process.execPath, ['-e', driver, `${root}dist/program.cjs`, kept, ...words], { stdio: 'ignore' });
  }
  const { cachedDataRejected } = new Script(readFileSync(`${root}dist/program.cjs`, 'latin1'), {
    cachedData: readFileSync(kept),
  });
  if (cachedDataRejected) throw new Error('V8 refuses dist/code.bin');
}
if (!process.argv.includes('--no-types')) {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' });
  writeFileSync(`${root}dist/types/package.json`, '{ "type": "module" }\n');
}
