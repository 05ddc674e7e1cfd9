import { formatCoordinate } from '../../model/coordinates.ts';
import { judgedAgain, type Layer, type QuarantinedRow, quarantinePrefix } from '../../model/quarantine.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';

/** A row with the layer that refused it: the other one may have refused it too. */
export type RefusedRow = QuarantinedRow & { readonly layer: Layer };

/** How many rows of each feed each rule refused, in each of the layers that refused any. */
export function countsTable(rows: readonly RefusedRow[]): string {
  const rules = [...new Set(rows.map(({ rule }) => rule))].sort();
  const count = (of: readonly RefusedRow[], feed: string, rule: string) =>
    of.filter((row) => row.feed === feed && row.rule === rule).length;
  const lines = [...new Set(rows.map(({ layer }) => layer))].sort().flatMap((layer) => {
    const own = rows.filter((row) => row.layer === layer);
    return feedNames.map((feed) => [layer, feed, ...rules.map((rule) => count(own, feed, rule))]);
  });
  return table([['layer', 'feed', ...rules], ...lines]);
}

export const rowLine = ({ layer, coordinate, arrival, rule, field, reason }: RefusedRow): string =>
  `${layer}  ${formatCoordinate(coordinate)}  ${arrival}  ${rule}${field === null ? '' : ` (${printable(field)})`}: ${printable(reason)}`;

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
    ['today', todaysJudgement(kept, remedy(key, arrival))],
    ['object', key],
  ];
  const lines = pairs.map(([name, value]) => `  ${name!.padEnd(10)}  ${value}`);
  return [...lines, '', bytesText(Buffer.from(rawBase64, 'base64'))].join('\n');
}

/** The command that has a layer take a row up again: redrive is of the speed layer alone. */
const remedy = (key: string, arrival: string): string =>
  key.startsWith(quarantinePrefix('batch')) ? batchRun([arrival.slice(0, 10)]) : 'npm run redrive';

/** The command that cleans arrival dates again in the batch layer. */
export function batchRun(dates: readonly string[]): string {
  const sorted = [...dates].sort();
  return `npm run batch -- --from ${sorted[0]} --to ${sorted.at(-1)}`;
}

function todaysJudgement(kept: QuarantinedRow, command: string): string {
  const refused = judgedAgain(kept).flatMap(({ result }) => (result.ok ? [] : [result]));
  if (refused[0] === undefined) return `accepted: ${command} stores it`;
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
