import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { PROFILES } from '../../lib/profiles/index.ts';
import { AUTHS } from '../../lib/profiles/profile.ts';
import { checkRequirements, pythonPath } from '../../setup/paths.mjs';
import { STATEFUL } from './stateful.ts';
import { synth } from './synth.ts';

const IGNORED: Readonly<Record<string, string>> = {
  W3005:
    'CDK names the role of a function as a dependency, which the reference to its ARN says too: twice is harmless.',
};
/** Where the templates are to deploy; what a region lacks is a finding. */
const REGIONS = ['us-east-1', 'eu-west-1'];
/** A minute or two of a core, and more of a busy one. */
const limitMs = 900_000;
const LINT = 'import sys; from cfnlint.runner import main; sys.exit(main())';
const SCHEMAS = `
import json, sys
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as schemas
def names(kind):
    schema = schemas.get_resource_schema('us-east-1', kind).schema
    paths = schema.get('createOnlyProperties', []) + schema.get('conditionalCreateOnlyProperties', [])
    return ['/'.join(path.split('/')[2:]) for path in paths]
print(json.dumps({kind: names(kind) for kind in sys.argv[1:]}))`;

beforeAll(() => {
  if (!existsSync(pythonPath(checkRequirements))) {
    throw new Error('cfn-lint is not installed: run npm test, or node setup/setup.mjs --checks');
  }
});

function python(code: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(pythonPath(checkRequirements), ['-c', code, ...args], {
    encoding: 'utf8',
    timeout: limitMs - 30_000,
  });
  return { status, said: stdout + stderr };
}

test(
  'cfn-lint finds nothing in the templates of any profile, whoever may call',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'pinflow-lint-'));
    try {
      const variants = PROFILES.flatMap(({ name }) => [
        ...AUTHS.map((auth) => ({ name, auth, batchPath: 'off', topics: 'off' }) as const),
        { name, auth: 'none', batchPath: 'on', topics: 'off' } as const,
        { name, auth: 'none', batchPath: 'on', topics: 'on' } as const,
      ]);
      const files = new Map<string, string>();
      for (const { name, auth, batchPath, topics } of variants) {
        for (const [stack, template] of Object.entries(synth(name, {}, 'demo', auth, batchPath, topics).templates)) {
          // Most templates do not depend on who may call.
          files.set(
            JSON.stringify(template, null, 1),
            join(folder, `${name}-${auth}-${batchPath}-${topics}-${stack}.json`),
          );
        }
      }
      for (const [text, file] of files) writeFileSync(file, text);
      const ignored = Object.keys(IGNORED).flatMap((rule) => ['--ignore-checks', rule]);
      const args = ['--format', 'parseable', ...ignored, '--regions', ...REGIONS, '--template', ...files.values()];
      expect(python(LINT, args)).toEqual({ status: 0, said: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  limitMs,
);

test(
  'the properties whose change replaces a resource are those of CloudFormation',
  () => {
    const { said } = python(SCHEMAS, Object.keys(STATEFUL));
    for (const [type, properties] of Object.entries(JSON.parse(said) as Record<string, string[]>)) {
      expect({ type, properties: STATEFUL[type] }).toEqual({ type, properties: expect.arrayContaining(properties) });
    }
  },
  limitMs,
);
