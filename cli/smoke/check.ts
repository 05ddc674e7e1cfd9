import type { Answer } from '../emulator/door.ts';

/** One thing that a deployment must do. `run` tells what was seen. */
export interface Check {
  readonly about: string;
  readonly name: string;
  /** @throws CheckFailedError, SkippedError */
  run(): Promise<string>;
}

export class CheckFailedError extends Error {
  override readonly name = 'CheckFailedError';
}

/** The check cannot be made here; the message says why. */
export class SkippedError extends Error {
  override readonly name = 'SkippedError';
}

export interface CheckResult {
  readonly check: Check;
  readonly outcome: 'pass' | 'FAIL' | 'skip';
  readonly detail: string;
}

/** One after the other, each told when it is done; one that fails does not keep the others from being made. */
export async function runChecks(checks: readonly Check[], told: (result: CheckResult) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = await runCheck(check);
    results.push(result);
    told(result);
  }
  return results;
}

async function runCheck(check: Check): Promise<CheckResult> {
  try {
    return { check, outcome: 'pass', detail: await check.run() };
  } catch (error) {
    const { name, message } = error as Error;
    if (error instanceof SkippedError) return { check, outcome: 'skip', detail: message };
    return { check, outcome: 'FAIL', detail: error instanceof CheckFailedError ? message : `${name}: ${message}` };
  }
}

/** @throws CheckFailedError with `otherwise` */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new CheckFailedError(otherwise);
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Every answer has its status, is a JSON object and may be read by a page of another origin.
 * @throws CheckFailedError
 */
export function expectJson(answer: Answer, status: number): JsonObject {
  const { body, headers, error } = answer;
  expectThat(answer.status !== 0, `no answer: ${error}`);
  expectThat(answer.status === status, `status ${answer.status} instead of ${status}: ${excerpt(body)}`);
  expectThat(headers['access-control-allow-origin'] === '*', 'the answer has no Access-Control-Allow-Origin: *');
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // Said below.
  }
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  expectThat(isObject, `the body is no JSON object: ${excerpt(body)}`);
  return json as JsonObject;
}

/** An error in the contract's shape, with a message that matches. @throws CheckFailedError */
export function expectError(answer: Answer, status: number, message: RegExp): string {
  const json = expectJson(answer, status);
  expectThat(typeof json['__type'] === 'string' && json['__type'] !== '', `no __type in ${excerpt(answer.body)}`);
  const said = String(json['message']);
  expectThat(message.test(said), `the message should match ${message}: ${excerpt(said)}`);
  return `${status} ${json['__type']}`;
}

const excerpt = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)} …` : text);
