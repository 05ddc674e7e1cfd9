import { ConsoleError, type Route } from './http.ts';
import type { ApiAnswer, ConsoleTools } from './tools.ts';

/** Of an answer; the page says that there are more. */
const ROWS = 200;
const NO_TRAITS = { isWindowed: false };

/** The questions of the deployed query API, and the answers of both layers. */
export function answerRoutes(tools: ConsoleTools): Route[] {
  return [
    { method: 'GET', path: '/api/questions', handle: async () => listed(said(await tools.ask('/questions')), tools) },
    {
      method: 'GET',
      path: '/api/answers/:name',
      handle: async ({ parameters }) => {
        const path = `/questions/${encodeURIComponent(parameters['name']!)}?limit=${ROWS}`;
        const [live, batch] = await Promise.all(
          ['live', 'batch'].map(async (layer) => said(await tools.ask(`${path}&layer=${layer}`))),
        );
        return { live, batch };
      },
    },
  ];
}

/** Those with a number first, in their order. */
function listed(answer: Record<string, unknown>, { questions }: ConsoleTools): unknown {
  const entries = answer['questions'] as readonly { readonly name: string }[] | undefined;
  if (entries === undefined) return answer;
  const known = entries.map((entry) => ({ ...entry, ...(questions[entry.name] ?? NO_TRAITS) }));
  const place = ({ number = '~', name }: { readonly number?: string; readonly name: string }) => `${number} ${name}`;
  return { ...answer, questions: known.sort((a, b) => (place(a) < place(b) ? -1 : 1)) };
}

/** What the API said; a refusal of it is an answer too: a layer may have nothing yet. @throws ConsoleError 502 */
function said({ status, body }: ApiAnswer): Record<string, unknown> {
  const parsed = jsonIn(body) as ({ readonly message?: unknown } & Record<string, unknown>) | undefined;
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
