import { ConsoleError } from '../http.ts';

/** What a log widget shows. */
export interface LogQuery {
  readonly groups: readonly string[];
  /** All hold for a line that is shown. */
  readonly filters: readonly ((message: string) => boolean)[];
  readonly limit: number;
}

const DEFAULT_LIMIT = 100;

/**
 * The part of a Logs Insights query that lists lines, the newest first: `SOURCE '…'`, `fields`, `filter @message like …`,
 * `sort @timestamp desc` and `limit`. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 * @throws ConsoleError 400 for what is not done here
 */
export function readLogQuery(query: string): LogQuery {
  const groups: string[] = [];
  const filters: LogQuery['filters'][number][] = [];
  let limit = DEFAULT_LIMIT;
  for (const command of commandsOf(query)) {
    const source = /^SOURCE\s+'([^']+)'$/i.exec(command);
    const filter = /^filter\s+@message\s+(not\s+)?like\s+(?:\/(.+)\/|"([^"]*)"|'([^']*)')$/i.exec(command);
    const most = /^limit\s+(\d+)$/i.exec(command);
    if (source) groups.push(source[1]!);
    else if (filter) filters.push(lineTest(filter));
    else if (most) limit = Number(most[1]);
    else if (!/^(fields\s|display\s|sort\s+@timestamp\s+desc$|$)/i.test(command)) {
      throw new ConsoleError(400, `The log widget's "${command}" is not done here.`);
    }
  }
  return { groups, filters, limit };
}

/** Between bars, those in texts and expressions apart. */
const commandsOf = (query: string): string[] =>
  (query.match(/(?:\/(?:\\.|[^/])+\/(?=\s*(?:\||$))|"[^"]*"|'[^']*'|[^|])+/g) ?? []).map((part) => part.trim());

function lineTest([, not, expression, ...texts]: RegExpExecArray): (message: string) => boolean {
  const wanted = not === undefined;
  const text = texts.find((one) => one !== undefined);
  if (text !== undefined) return (message) => message.includes(text) === wanted;
  const pattern = new RegExp(expression ?? '');
  return (message) => pattern.test(message) === wanted;
}
