/** Who may import whom: arrows point down only, no cycles. The picture is in docs/ARCHITECTURE.md. */
const rooms = {
  core: [],
  schema: ['core'],
  capture: ['core', 'schema'],
  net: ['core', 'schema'],
  tls: ['core', 'schema'],
  codec: ['core', 'schema'],
  payload: ['core', 'schema'],
  session: ['core', 'schema'],
  timeline: ['core', 'schema', 'capture', 'net', 'tls', 'codec', 'payload', 'session'],
  view: ['core', 'schema', 'timeline'],
  export: ['core', 'schema', 'timeline', 'view', 'capture'],
  generate: ['core', 'schema', 'session', 'timeline', 'view'],
  emulator: ['core', 'schema', 'codec', 'payload', 'session', 'capture'],
  replay: ['core', 'schema', 'codec', 'payload', 'session', 'timeline', 'view', 'capture'],
  tui: ['core', 'schema', 'timeline', 'view', 'export', 'replay', 'emulator', 'capture', 'session'],
  cli: ['core', 'schema', 'timeline', 'view', 'export', 'generate', 'replay', 'emulator', 'tui', 'capture', 'codec', 'payload', 'session', 'tls', 'net'],
};
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'only-screen-imports-blessed', severity: 'error', from: { pathNot: '^src/tui/screen\\.ts$' }, to: { path: 'node_modules/blessed' } },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `${room}-imports-down`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${[room, ...below].join('|')})/` },
    })),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, enhancedResolveOptions: { extensions: ['.ts', '.js'] } },
};
