const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value) => (typeof value === 'number' ? whole.format(value) : String(value));

/** `1 row`, `2,000 rows` */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** Three figures or so. */
export function brief(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return compact.format(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return size >= 10 ? value.toFixed(1) : value.toFixed(2).replace(/\.?0+$/, '') || '0';
}

export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

export const clock = (time) => new Date(time).toLocaleTimeString('en-GB', { hour12: false });
export const dateTime = (time) => new Date(time).toLocaleString('en-GB', { hour12: false });

/** `most_popular_category` -> `most popular category` */
export const words = (name) => name.replaceAll('_', ' ');

/** Whole words that all names begin with; what one alarm is called stays as it is. */
export function commonBeginning(names) {
  if (names.length < 2) return '';
  let common = names[0];
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  return common.slice(0, common.lastIndexOf('-') + 1);
}

/** JSON for people; what is none stays as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** A line of a log; of one that tells metrics, their values without their definition. */
export function logLine(message) {
  if (!message.startsWith('{') || !message.includes('"_aws"')) return message;
  try {
    const { _aws, ...values } = JSON.parse(message);
    return JSON.stringify(values).replaceAll(',"', ', "');
  } catch {
    return message;
  }
}
