import { ConsoleError, type Route } from './http.ts';
import type { ApiAnswer, ConsoleTools } from './tools.ts';

/** The metrics and questions of the deployed query API, as it answers them. */
export function answerRoutes(tools: ConsoleTools): Route[] {
  return [
    { method: 'GET', path: '/api/questions', handle: async () => said(await tools.ask('/questions')) },
    {
      method: 'GET',
      path: '/api/questions/:name',
      handle: async ({ parameters, query }) => {
        const layer = query.get('layer') ?? 'live';
        const path = `/questions/${encodeURIComponent(parameters['name']!)}`;
        return said(await tools.ask(`${path}?layer=${encodeURIComponent(layer)}&limit=200`));
      },
    },
  ];
}

/** What the API said; a refusal of it is an answer too: a layer may have nothing yet. @throws ConsoleError 502 */
function said({ status, body }: ApiAnswer): unknown {
  const parsed = jsonIn(body) as { readonly message?: unknown } | undefined;
  if (status === 200 && parsed !== undefined) return parsed;
  if (status === 0) throw new ConsoleError(502, `The API does not answer: ${body}`);
  return { refused: { status, message: typeof parsed?.message === 'string' ? parsed.message : body.slice(0, 500) } };
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
