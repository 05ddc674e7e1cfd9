import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openApiOf } from '../local/services/apigateway/openapi.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { forOption } from './arguments.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';
import { localApi } from './local-runtime.ts';
import { defaultStateDir } from './state-dir.ts';
import { synthesize } from './synth.ts';

export default command(
  {
    command: 'openapi',
    summary: 'Describes the API as an OpenAPI 3.1 document, from its template.',
    options: {
      out: { type: 'text', value: 'FILE', describe: 'write it to this file (standard output)' },
      url: { type: 'text', value: 'URL', describe: 'invoke URL with its stage (that of npm start)' },
      state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' },
      context: { type: 'texts', short: 'c', value: 'KEY=VALUE', describe: 'context of the app: deployment, auth' },
    },
  },
  async ({ out, url = localApi(), state = defaultStateDir, context = [] }) => {
    const directory = resolve(state, 'openapi');
    await forOption('--state', () => mkdirSync(directory, { recursive: true }));
    const synthesized = await synthesize(directory, contextOf(context));
    const document = JSON.stringify(openApiOf(readAssembly(synthesized.directory), url), null, 2);
    if (out === undefined) console.log(document);
    else await forOption('--out', () => writeFileSync(out, `${document}\n`));
    return 0;
  },
);
