import { feedNames } from '../model/rules/rule.ts';
import { missingRows, parkedRows, settledAccount } from './accounting/account.ts';
import { accountJson, accountTable, endedRows, remarks } from './accounting/print.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';

export default command(
  {
    command: 'account',
    summary:
      'Reads the streams, the posts table and the quarantine bucket, and tells what became of every row. Exit 0 if none is in flight, parked or lost.',
    options: {
      ...deploymentOptions,
      feed: { type: 'text', oneOf: feedNames, describe: 'of --coordinates and --json: this feed only' },
      coordinates: { type: 'flag', describe: 'list every row by its coordinate, with its fate' },
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
        if (coordinates) {
          for (const row of endedRows(found, feeds)) {
            console.log(json ? JSON.stringify(row) : `${row.coordinate}  ${row.fate}`);
          }
        } else if (json) {
          console.log(JSON.stringify(accountJson(found, feeds), null, 2));
        } else {
          console.log(accountTable(found));
        }
        const say = coordinates || json ? console.error : console.log;
        for (const remark of remarks(found)) say(`  ${remark}`);
        return missingRows(found) + parkedRows(found) === 0 ? 0 : 1;
      });
    } finally {
      interrupted.dispose();
    }
  },
);
