import type { Faker } from '@faker-js/faker';
import { faker } from '@faker-js/faker/locale/en';

/**
 * Faker's generator, set so that the same seed and numbers give the same values, whatever was drawn before.
 * There is one: draw all that is needed before asking for another.
 */
export function randomFor(seed: number, purpose: keyof typeof purposes, ...numbers: readonly number[]): Faker {
  faker.seed([seed, purposes[purpose], ...numbers]);
  return faker;
}

const purposes = { post: 1, person: 2, poster: 3, dirt: 4, schedule: 5 } as const;

/** One of the values, by their weights. */
export function weighted<T>(random: Faker, weights: readonly (readonly [weight: number, value: T])[]): T {
  return random.helpers.weightedArrayElement(weights.map(([weight, value]) => ({ weight, value })));
}
