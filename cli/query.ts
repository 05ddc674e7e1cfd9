import { batchNamesOf } from './accounting/deployed-names.ts';
import { UsageError } from './arguments.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';
import { namedQueries, runQuery } from './query/athena.ts';
import { resultCsv, resultJson, resultNote, resultTable } from './query/print.ts';

export default command(
  {
    command: 'query',
    operands: '"select …"',
    summary: 'Asks Athena: a statement of your own over raw, silver_* and gold_*, or one of the named queries.',
    options: {
      ...deploymentOptions,
      named: { type: 'text', value: 'NAME', describe: 'run this named query' },
      list: { type: 'flag', describe: 'list the named queries' },
      json: { type: 'flag', describe: 'the rows as JSON, one a line' },
      csv: { type: 'flag', describe: 'the rows as CSV' },
      max: { type: 'number', min: 1, whole: true, describe: 'rows to read at most (1,000; all as JSON or CSV)' },
    },
  },
  async (given) => {
    const { named, list = false, json = false, csv = false } = given;
    const [statement, ...others] = given.operands ?? [];
    const asked = [statement !== undefined, named !== undefined, list].filter(Boolean).length;
    if (asked !== 1 || others.length > 0) {
      throw new UsageError('Ask one thing: npm run query -- "select …" in quotes, or --named NAME, or --list');
    }
    if (json && csv) throw new UsageError('--json or --csv, not both.');
    const interrupted = onInterrupt(() => {});
    try {
      return await inDeployment(given, async (clients, names) => {
        const where = batchNamesOf(names);
        const queries = statement === undefined ? await namedQueries(clients, where) : [];
        if (list) {
          const width = Math.max(0, ...queries.map(({ name }) => name.length));
          for (const { name, description } of queries) console.log(`  ${name.padEnd(width)}  ${description}`);
          return 0;
        }
        const sql = statement ?? queries.find(({ name }) => name === named)?.sql;
        if (sql === undefined)
          throw new UsageError(`There is no named query ${named}: npm run query -- --list tells those there are.`);
        const result = await runQuery(clients, where, sql, {
          max: given.max ?? (json || csv ? Infinity : 1_000),
          stop: interrupted.signal,
        });
        if (json) for (const row of resultJson(result)) console.log(JSON.stringify(row));
        else console.log(csv ? resultCsv(result) : resultTable(result));
        console.error(`  ${resultNote(result)}`);
        return 0;
      });
    } finally {
      interrupted.dispose();
    }
  },
);
