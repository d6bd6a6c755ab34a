// The arrows of the house: what each room may import. A room's index.ts is its door.
const rooms = {
  core: [],
  document: ['core'],
  oci: ['core'],
  tar: ['core'],
  results: ['core', 'oci'],
  registry: ['core', 'oci', 'tar'],
  binary: ['core'],
  layer: ['core', 'oci', 'tar', 'registry', 'binary'],
  fixture: ['core', 'oci', 'tar', 'registry'],
  audit: ['core', 'oci', 'registry', 'layer', 'binary', 'results'],
  publish: ['core', 'oci', 'registry', 'results'],
  port: ['core', 'oci', 'tar', 'registry', 'layer', 'binary', 'audit', 'publish', 'results'],
  inventory: ['core', 'oci', 'results'],
  readiness: ['core', 'oci', 'registry', 'catalog', 'results'],
  report: ['core', 'results'],
  catalog: ['core', 'document', 'oci', 'results'],
  recipe: ['core', 'document', 'oci', 'binary', 'publish', 'results'],
  observe: ['core', 'oci', 'registry', 'readiness', 'audit', 'catalog', 'results'],
  build: [
    'core',
    'document',
    'oci',
    'registry',
    'audit',
    'publish',
    'catalog',
    'recipe',
    'observe',
    'results',
  ],
  scan: ['core', 'oci', 'registry', 'layer', 'inventory', 'readiness', 'audit', 'catalog', 'results'],
  demo: ['core', 'oci', 'tar', 'registry', 'fixture', 'scan', 'audit', 'port', 'results', 'report'],
  cli: [
    'core',
    'oci',
    'registry',
    'inventory',
    'readiness',
    'results',
    'report',
    'scan',
    'audit',
    'publish',
    'port',
    'catalog',
    'observe',
    'recipe',
    'build',
    'document',
    'demo',
  ],
};

const arrows = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-arrows`,
  comment: `${room} may import only: ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.test(-support)?\\.ts$' },
  to: { path: '^src/', pathNot: [`^src/${room}/`, ...allowed.map((name) => `^src/${name}/`)] },
}));

const doors = Object.keys(rooms).map((room) => ({
  name: `${room}-door`,
  comment: `other rooms enter ${room} by its index.ts`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${room}/` },
  // What tests are helped by may serve the tests of other rooms too.
  to: { path: `^src/${room}/`, pathNot: [`^src/${room}/index\\.ts$`, '\\.test-support\\.ts$'] },
}));

module.exports = {
  forbidden: [
    ...arrows,
    ...doors,
    {
      name: 'pure-rooms',
      comment: 'oci, tar and binary do no input or output: bytes in, facts out',
      severity: 'error',
      from: { path: '^src/(oci|tar|binary)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|util)$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'node', 'default'] },
  },
};
