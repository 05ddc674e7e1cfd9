import { join } from 'node:path';
import { ADMINISTRATOR_KEY } from './access/identities.ts';
import { writeWhole } from './whole-file.ts';

export interface ProfileOptions {
  readonly stateDir: string;
  readonly endpoint: string;
  readonly region: string;
}

/**
 * Writes the profile `pinflow`, the account's administrator, to a configuration file of the AWS SDKs and the AWS CLI.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 *
 * @returns the file, which clients find by `AWS_CONFIG_FILE`
 */
export function writeProfile({ stateDir, endpoint, region }: ProfileOptions): string {
  const file = join(stateDir, 'aws', 'config');
  const lines = [
    '# Written at every start.',
    `[profile ${ADMINISTRATOR_KEY}]`,
    // By IP address: clients then put the bucket into the path, and need no name such as bucket.localhost.
    `endpoint_url = ${endpoint}`,
    `region = ${region}`,
    `aws_access_key_id = ${ADMINISTRATOR_KEY}`,
    `aws_secret_access_key = ${ADMINISTRATOR_KEY}`,
  ];
  writeWhole(file, `${lines.join('\n')}\n`);
  return file;
}
