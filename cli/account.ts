import { account } from './accounting/account.ts';
import { deployedNames } from './accounting/deployed-names.ts';
import { accountTable, missingRows } from './accounting/print.ts';
import { clientsAt, localEndpoint } from './aws.ts';
import { command } from './command.ts';

export default command(
  {
    command: 'account',
    summary: 'Reads the streams, the posts table and the quarantine, and tells what became of every row.',
    options: {
      endpoint: { type: 'text', value: 'URL', describe: `the AWS endpoint of a running deployment (${localEndpoint})` },
      deployment: { type: 'text', value: 'ID', describe: 'the deployment (demo)' },
    },
  },
  async ({ endpoint = localEndpoint, deployment = 'demo' }) => {
    const clients = clientsAt(endpoint);
    try {
      const found = await account(clients, await deployedNames(clients, deployment));
      console.log(accountTable(found));
      const missing = missingRows(found);
      if (missing > 0) console.log(`  ${missing} rows are in flight or lost: ask again in a few seconds.`);
      return missing === 0 ? 0 : 1;
    } finally {
      clients.close();
    }
  },
);
