import { formatCoordinate } from '../../model/coordinates.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';
import { type Account, endOf, inFlightRows, lostRowCount, missingRows, parkedRows } from './account.ts';

export { missingRows };

/** The fates of the rows by feed, then the quarantined ones by the rule that refused them. */
export function accountTable(account: Account): string {
  const head = ['feed', 'records', 'rows', 'applied', 'duplicate', 'superseded', 'quarantined', 'parked'];
  const rows = feedNames.map((feed) => {
    const { records, rows, applied, duplicate, superseded, quarantined, parked, missing, lost } = account[feed];
    const ended = [feed, records, rows, applied, duplicate, superseded, quarantined, parked];
    return [...ended, missing - lost.size, lost.size];
  });
  return [table([[...head, 'in flight', 'lost'], ...rows]), ...quarantineLines(account)].join('\n');
}

export function quarantineLines(account: Account): readonly string[] {
  const lines = feedNames
    .map((feed) => [feed, Object.entries(account[feed].quarantinedBy).sort(([, a], [, b]) => b - a)] as const)
    .filter(([, rules]) => rules.length > 0)
    .map(([feed, rules]) => `    ${feed.padEnd(4)}  ${rules.map(([rule, count]) => `${rule} ${count}`).join(', ')}`);
  return lines.length === 0 ? [] : ['  quarantined by rule', ...lines];
}

/** What a person should know or do about an account. */
export function remarks(account: Account): readonly string[] {
  const [lost, inFlight, parked] = [lostRowCount(account), inFlightRows(account), parkedRows(account)];
  const accepted = feedNames.reduce((sum, feed) => sum + (account[feed].quarantinedBy.accepted ?? 0), 0);
  const { unreadable, topics } = account;
  const trimmed = feedNames.flatMap((feed) => {
    const { trimmedBefore } = account[feed];
    return trimmedBefore === undefined ? [] : [[feed, new Date(trimmedBefore).toISOString()] as const];
  });
  return [
    ...(missingRows(account) + parked === 0 ? ['Every row is applied, duplicate, superseded or quarantined.'] : []),
    ...(lost > 0
      ? [`${rowsText(lost)} lost: --coordinates names them.${topics ? ' npm run backfill stores what is in raw.' : ''}`]
      : []),
    ...(inFlight > 0 ? [`${rowsText(inFlight)} in flight: ask again, or wait longer with --wait.`] : []),
    ...(parked > 0 ? [`${rowsText(parked)} in batches that were given up: npm run redrive takes them up again.`] : []),
    ...(accepted > 0
      ? [`${rowsText(accepted)} quarantined that today's rules accept: npm run redrive stores them.`]
      : []),
    ...(unreadable.length > 0 ? [`${objectsText(unreadable.length)} no batch: ${unreadable.join(', ')}`] : []),
    ...(topics === 'both layers' ? ['Records of topics are counted once they are in raw.'] : []),
    ...(topics === 'the batch layer'
      ? ['The speed layer has seen the streams alone: topics feed the batch layer.']
      : []),
    ...trimmed.map(([feed, time]) => `${feed}: what arrived before ${time} is no longer in the stream, nor counted.`),
  ];
}

const objectsText = (count: number): string =>
  `${count} ${count === 1 ? 'object below aws/lambda/ holds' : 'objects below aws/lambda/ hold'}`;
const rowsText = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'row is' : 'rows are'}`;

/** One row of `--coordinates`. */
export interface EndedRow {
  readonly feed: FeedName;
  readonly coordinate: string;
  /** ISO 8601. */
  readonly arrival: string;
  readonly fate: string;
}

export function* endedRows(account: Account, feeds: readonly FeedName[]): Generator<EndedRow> {
  for (const feed of feeds) {
    for (const row of account[feed].fates) {
      const arrival = new Date(row.arrivalMs).toISOString();
      yield { feed, coordinate: formatCoordinate(row.coordinate), arrival, fate: endOf(account[feed], row) };
    }
  }
}

/** The counts of `--json`. */
export function accountJson(account: Account, feeds: readonly FeedName[]): object {
  return Object.fromEntries(
    feeds.map((feed) => {
      const { records, rows, applied, duplicate, superseded, quarantined, parked, missing, lost } = account[feed];
      const { quarantinedBy, trimmedBefore } = account[feed];
      const counts = { records, rows, applied, duplicate, superseded, quarantined, parked };
      const trimmed = trimmedBefore === undefined ? {} : { trimmedBefore: new Date(trimmedBefore).toISOString() };
      return [feed, { ...counts, inFlight: missing - lost.size, lost: lost.size, quarantinedBy, ...trimmed }];
    }),
  );
}
