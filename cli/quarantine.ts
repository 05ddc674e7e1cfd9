import { CoordinateError, coordinateInKey, parseCoordinate } from '../model/coordinates.ts';
import { layers, parseQuarantined, type QuarantinedRow, quarantinePrefix } from '../model/quarantine.ts';
import { feedNames } from '../model/rules/rule.ts';
import type { DeployedNames } from './accounting/deployed-names.ts';
import { UsageError } from './arguments.ts';
import type { Clients } from './aws.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { listObjects, parkedObjects, quarantinedObjects, readObject } from './quarantine/bucket.ts';
import { changesGivenUpLine } from './quarantine/changes.ts';
import { countsTable, type RefusedRow, rowLine, rowText } from './quarantine/print.ts';
import { sinceOf } from './quarantine/since.ts';

interface Filter {
  readonly layer?: string;
  readonly feed?: string;
  readonly rule?: string;
  readonly since?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export default command(
  {
    command: 'quarantine',
    operands: 'list|show <coordinate or key>',
    summary: 'Lists the rows that a rule refused, or shows one with its bytes, the reason and what would be right.',
    options: {
      ...deploymentOptions,
      layer: { type: 'text', oneOf: layers, describe: 'what this layer refused only (both)' },
      feed: { type: 'text', oneOf: feedNames, describe: 'this feed only (all)' },
      rule: { type: 'text', value: 'RULE', describe: 'what this rule refused only, such as timestamp' },
      since: {
        type: 'text',
        value: 'TIME',
        describe: 'arrived since: 2026-11-21, 2026-11-21T09:00Z, or 30m, 2h, 7d ago',
      },
      limit: { type: 'number', min: 0, whole: true, describe: 'rows to list at most; all are counted (20)' },
      json: { type: 'flag', describe: 'as JSON, one row a line' },
    },
  },
  async (given) => {
    const [action, wanted, ...others] = given.operands ?? [];
    if (action === 'list' && wanted === undefined) {
      return inDeployment(given, (clients, names) => list(clients, names, given));
    }
    if (action === 'show' && wanted !== undefined && others.length === 0) {
      return inDeployment(given, (clients, names) => show(clients, names, wanted, given.json ?? false));
    }
    throw new UsageError('Say what to do: npm run quarantine -- list, or show <coordinate or key>');
  },
);

async function list(clients: Clients, names: DeployedNames, filter: Filter): Promise<number> {
  const { rule, json = false, limit = json ? Infinity : 20 } = filter;
  const feed = feedNames.find((name) => name === filter.feed);
  const since = filter.since === undefined ? undefined : sinceOf(filter.since, new Date());
  const choice = { ...(feed && { feed }), ...(since && { since }) };
  const wanted = layers.filter((layer) => filter.layer === undefined || layer === filter.layer);
  const found = await Promise.all(
    wanted.map(async (layer) => {
      const objects = await quarantinedObjects(clients, names.quarantineBucket, layer, choice);
      return objects.map((object) => ({ ...object, layer }));
    }),
  );
  const objects = found.flat();
  const rows = objects
    .flatMap((object): RefusedRow[] => ('content' in object ? [{ ...object.content, layer: object.layer }] : []))
    .filter((row) => rule === undefined || row.rule === rule)
    .filter(({ arrival }) => since === undefined || Date.parse(arrival) >= since.getTime())
    // The newest first.
    .sort((one, other) => (one.arrival < other.arrival ? 1 : -1));
  for (const object of objects) if ('problem' in object) console.error(`  ! ${object.key}: ${object.problem}`);
  const listed = rows.slice(0, limit);
  if (json) {
    for (const row of listed) console.log(JSON.stringify(row));
    return 0;
  }
  console.log(rows.length === 0 ? '  No row is in quarantine that fits.' : countsTable(rows));
  if (listed.length > 0) console.log('');
  for (const row of listed) console.log(`  ${rowLine(row)}`);
  if (listed.length < rows.length) {
    console.log(`  … and ${rows.length - listed.length} more: --limit ${rows.length} lists them all.`);
  }
  const parked = (await parkedObjects(clients, names.quarantineBucket)).flatMap((object) =>
    'content' in object ? [object.content.length] : [],
  );
  if (parked.length > 0) {
    const records = parked.reduce((sum, count) => sum + count, 0);
    console.log(`  Given up besides: ${records} records in ${parked.length} batches. npm run redrive takes both up.`);
  }
  const uncounted = await changesGivenUpLine(clients, names);
  if (uncounted !== undefined) console.log(`  ${uncounted}`);
  return 0;
}

async function show(clients: Clients, names: DeployedNames, wanted: string, json: boolean): Promise<number> {
  const key = wanted.startsWith('quarantine/') ? wanted : await keyOf(clients, names, wanted);
  const text = key === undefined ? undefined : await readObject(clients, names.quarantineBucket, key);
  if (key === undefined || text === undefined) {
    console.error(`${wanted} is not in quarantine: npm run account -- --coordinates tells where it is.`);
    return 1;
  }
  const row: QuarantinedRow = parseQuarantined(text);
  console.log(json ? JSON.stringify(row) : rowText(key, row));
  return 0;
}

/** A coordinate does not tell the day of arrival, which is in the key. The speed layer's goes first. */
async function keyOf(clients: Clients, names: DeployedNames, wanted: string): Promise<string | undefined> {
  const name = `/${coordinateInKey(coordinateOf(wanted))}.json`;
  for (const layer of layers) {
    const objects = await listObjects(clients, names.quarantineBucket, quarantinePrefix(layer));
    const found = objects.find(({ key }) => key.endsWith(name));
    if (found) return found.key;
  }
  return undefined;
}

/** @throws UsageError */
function coordinateOf(text: string) {
  try {
    return parseCoordinate(text);
  } catch (error) {
    if (!(error instanceof CoordinateError)) throw error;
    throw new UsageError(`${error.message} Or give a key, which begins with quarantine/.`);
  }
}
