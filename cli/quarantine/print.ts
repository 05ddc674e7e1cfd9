import { formatCoordinate } from '../../model/coordinates.ts';
import { judgedAgain, type QuarantinedRow } from '../../model/quarantine.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';

/** How many rows of each feed each rule refused. */
export function countsTable(rows: readonly QuarantinedRow[]): string {
  const rules = [...new Set(rows.map(({ rule }) => rule))].sort();
  const count = (feed: string, rule: string) => rows.filter((row) => row.feed === feed && row.rule === rule).length;
  const lines = feedNames.map((feed) => [feed, ...rules.map((rule) => count(feed, rule))]);
  return table([['feed', ...rules], ...lines]);
}

export const rowLine = ({ coordinate, arrival, rule, field, reason }: QuarantinedRow): string =>
  `${formatCoordinate(coordinate)}  ${arrival}  ${rule}${field === null ? '' : ` (${printable(field)})`}: ${printable(reason)}`;

/** One quarantined row as a person wants to see it. */
export function rowText(key: string, kept: QuarantinedRow): string {
  const { coordinate, feed, arrival, rule, field, reason, rulesVersion, quarantinedAt, rawBase64 } = kept;
  const pairs = [
    ['coordinate', formatCoordinate(coordinate)],
    ['feed', feed],
    ['arrived', arrival],
    ['refused', `${quarantinedAt}, by version ${rulesVersion} of the rules`],
    ['rule', field === null ? rule : `${rule}, field ${printable(field)}`],
    ['reason', printable(reason)],
    ['today', todaysJudgement(kept)],
    ['object', key],
  ];
  const lines = pairs.map(([name, value]) => `  ${name!.padEnd(10)}  ${value}`);
  return [...lines, '', bytesText(Buffer.from(rawBase64, 'base64'))].join('\n');
}

function todaysJudgement(kept: QuarantinedRow): string {
  const refused = judgedAgain(kept).flatMap(({ result }) => (result.ok ? [] : [result]));
  if (refused[0] === undefined) return 'accepted: npm run redrive stores it';
  const { rule, reason } = refused[0];
  return rule === kept.rule && reason === kept.reason
    ? 'refused for the same'
    : `refused: ${rule}: ${printable(reason)}`;
}

function bytesText(bytes: Buffer): string {
  try {
    return printable(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return `${bytes.length} bytes that are no UTF-8, in base64:\n${bytes.toString('base64')}`;
  }
}

/** What could move a terminal's cursor or reorder its text is written as an escape; line breaks stay. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (found) =>
    found === '\n' ? found : `\\u{${found.codePointAt(0)!.toString(16)}}`,
  );
