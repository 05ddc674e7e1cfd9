import { brief, duration } from './format.js';

const worthTellingMs = 5000;

/** Whether something goes along an arrow; a look-up only reads what is there. */
export const isFlow = ({ how }) => how !== 'asks';

/** What goes along an arrow, in a few letters; empty where nothing does. */
export function rateText(state) {
  if (!state) return '';
  const parts = [
    state.rate > 0 && `${brief(state.rate)}/s`,
    state.lag !== null && state.lag > worthTellingMs && `${duration(state.lag)} behind`,
    state.errors > 0 && `${brief(state.errors)} failed`,
  ];
  return parts.filter(Boolean).join(' · ');
}

/** The worst of what comes into a box. */
export function healthOf({ id }, { edges }, live) {
  const states = edges.filter(({ to }) => to === id).flatMap((edge) => live?.edges[edge.id]?.health ?? []);
  return ['failing', 'late', 'ok'].find((health) => states.includes(health)) ?? 'quiet';
}

/** What tells it from the others: the common beginning of a deployment's names does not. */
export function shortName({ members }) {
  const names = members.map(({ name }) =>
    name.replace(/^(pinflow[-_][a-z0-9]+[-_]|streaming-)/, '').replace(/-\d{12}.*$/, ''),
  );
  if (names.length === 1) return names[0];
  const parts = names.map((name) => name.split(/[-._]/));
  return parts.map((part) => part.at(-1)).join(' · ');
}
