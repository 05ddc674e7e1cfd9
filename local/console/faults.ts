import { FAULTS } from '../faults/definitions.ts';
import { type FaultOrder, type Faults, UnknownFaultError } from '../faults/faults.ts';
import type { JsonObject } from '../services/service.ts';
import { ConsoleError, numberWithin, type Route, text } from './http.ts';

const LONGEST_SECONDS = 12 * 3_600;
const LONGEST_DELAY_MS = 900_000;
const LEAST_SHARE = 0.001;

/** Faults caused by hand: for trying what alarms and runbooks are for. */
export function faultRoutes(faults: Faults): Route[] {
  return [
    { method: 'GET', path: '/api/faults', handle: () => ({ faults: faults.all() }) },
    {
      method: 'POST',
      path: '/api/faults/:name/start',
      handle: ({ parameters, body }) => known(() => faults.start(parameters['name']!, orderOf(body))),
    },
    {
      method: 'POST',
      path: '/api/faults/:name/stop',
      handle: ({ parameters: { name } }) => {
        const names = name === 'all' ? Object.keys(FAULTS) : [name!];
        return known(() => ({ stopped: names.filter((one) => faults.stop(one) !== undefined) }));
      },
    },
  ];
}

/** @throws ConsoleError 400 */
function orderOf(body: JsonObject): FaultOrder {
  const number = (name: string, min: number, max: number) =>
    body[name] === undefined ? {} : { [name]: numberWithin(body, name, { min, max }) };
  return {
    ...number('share', LEAST_SHARE, 1),
    ...number('seconds', 1, LONGEST_SECONDS),
    ...number('delayMs', 1, LONGEST_DELAY_MS),
    ...(body['target'] !== undefined && { target: text(body, 'target') }),
  };
}

function known<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnknownFaultError) throw new ConsoleError(404, error.message);
    throw error;
  }
}
