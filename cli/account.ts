import { setTimeout as sleep } from 'node:timers/promises';
import { feedNames } from '../model/rules/rule.ts';
import { type Account, missingRows, parkedRows, settledAccount } from './accounting/account.ts';
import { type BatchAccount, overlookedRows, readBatchAccount } from './accounting/batch-account.ts';
import type { DeployedNames } from './accounting/deployed-names.ts';
import { accountJson, accountTable, endedRows, remarks } from './accounting/print.ts';
import { batchAccountJson, batchAccountTable, batchRemarks } from './accounting/print-batch.ts';
import type { Clients } from './aws.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';
import { changesGivenUpLine } from './quarantine/changes.ts';

export default command(
  {
    command: 'account',
    summary:
      'Tells what became of every row: in the speed layer, by the streams (and raw, where topics feed it) and the posts table, and in the batch layer, by raw and the silver tables; in both by quarantine. Exit 0 if none is in flight, parked, lost or overlooked, and no change of a post was given up.',
    options: {
      ...deploymentOptions,
      feed: { type: 'text', oneOf: feedNames, describe: 'of --coordinates and --json: this feed only' },
      coordinates: {
        type: 'flag',
        describe: 'list every row of the speed layer by its coordinate, with its fate',
      },
      json: { type: 'flag', describe: 'as JSON: the counts, or with --coordinates one row a line' },
      wait: { type: 'number', min: 0, max: 3600, describe: 'seconds to wait while a row is in flight (10)' },
    },
  },
  async (given) => {
    const { coordinates = false, json = false, wait = 10 } = given;
    const feeds = feedNames.filter((name) => given.feed === undefined || name === given.feed);
    const interrupted = onInterrupt(() => {});
    try {
      return await inDeployment(given, async (clients, names) => {
        const options = { waitMs: wait * 1000, stop: interrupted.signal };
        const found = await settledAccount(clients, names, options);
        const batch = names.batch && !coordinates ? await landedAccount(clients, names, found, options) : undefined;
        if (coordinates) {
          for (const row of endedRows(found, feeds)) {
            console.log(json ? JSON.stringify(row) : `${row.coordinate}  ${row.fate}`);
          }
        } else if (json) {
          const inBatch = batch && { batch: batchAccountJson(batch.account, feeds) };
          console.log(JSON.stringify({ ...accountJson(found, feeds), ...inBatch }, null, 2));
        } else {
          console.log(accountTable(found));
        }
        const say = coordinates || json ? console.error : console.log;
        for (const remark of remarks(found)) say(`  ${remark}`);
        const uncounted = await changesGivenUpLine(clients, names);
        if (uncounted !== undefined) say(`  ${uncounted}`);
        if (batch !== undefined) {
          if (!json) console.log(`\n  Batch layer\n${batchAccountTable(batch.account)}`);
          for (const remark of batchRemarks(batch.account)) say(`  ${remark}`);
          if (batch.unlanded > 0) say(`  ${batch.unlanded} records of the streams are not in raw.`);
        }
        const inBatch = batch === undefined ? 0 : batch.unlanded + overlookedRows(batch.account);
        return missingRows(found) + parkedRows(found) + inBatch === 0 && uncounted === undefined ? 0 : 1;
      });
    } finally {
      interrupted.dispose();
    }
  },
);

/** The batch layer's account once every record that the streams hold is in raw, or after the wait. */
async function landedAccount(
  clients: Clients,
  names: DeployedNames,
  found: Account,
  { waitMs, stop }: { readonly waitMs: number; readonly stop: AbortSignal },
): Promise<{ readonly account: BatchAccount; readonly unlanded: number }> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const account = await readBatchAccount(clients, names);
    const unlanded = feedNames.flatMap((feed) =>
      [...found[feed].places.keys()].filter((record) => !account[feed].landed.has(record)),
    ).length;
    if (unlanded === 0 || Date.now() > deadline || stop.aborted) return { account, unlanded };
    await sleep(1_000, undefined, { signal: stop }).catch(() => undefined);
  }
}
