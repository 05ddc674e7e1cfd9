import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { archiveOptions, classArchive } from './class-archive.ts';

/** What a program in Java is run with. */
export interface JavaInstallation {
  /** The `java` command. */
  readonly java: string;
  /** The class path, always in one order: a class data archive depends on it. */
  readonly jars: readonly string[];
  /** Of the user: for archives of loaded classes. @default - none is kept */
  readonly cacheDir?: string;
}

export interface JavaProgram {
  readonly mainClass: string;
  readonly heap: string;
  /** Names the archive of the classes that it loads. @default - it uses none */
  readonly archive?: string;
  readonly systemProperties?: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
}

/** Java or a jar is missing. */
export class JavaMissingError extends Error {
  constructor(what: string) {
    super(`The Kafka engines need ${what}, which is not there. Install it with \`node setup/setup.mjs\`.`);
    this.name = 'JavaMissingError';
  }
}

/** The arguments of `java`, for a quick start in little memory: the first compiler alone, the simplest collector. */
export function javaArguments({ java, jars, cacheDir }: JavaInstallation, program: JavaProgram): string[] {
  const missing = [java, ...jars].find((file) => !existsSync(file));
  if (missing !== undefined) throw new JavaMissingError(missing);
  const { mainClass, heap, archive, systemProperties = {} } = program;
  return [
    `-Xmx${heap}`,
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:+ExitOnOutOfMemoryError',
    ...(archive === undefined || cacheDir === undefined
      ? []
      : archiveOptions(classArchive(cacheDir, archive, [java, ...jars]))),
    ...Object.entries(systemProperties).map(([name, value]) => `-D${name}=${value}`),
    '-cp',
    jars.join(delimiter),
    mainClass,
    ...program.arguments,
  ];
}

/** The text of a `.properties` file. */
export function propertiesText(properties: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${escaped(String(value))}`);
  return `${lines.join('\n')}\n`;
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/**
 * Reads a `.properties` file: comments, `=`, `:` or blanks as separator, lines continued by a backslash.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
 */
export function parseProperties(text: string): Record<string, string> {
  const logical = text.replace(/\\\r?\n[ \t]*/g, '').split(/\r?\n/);
  const properties: Record<string, string> = {};
  for (const line of logical) {
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const [, key, value] = /^((?:\\.|[^=:\s\\])+)\s*[=:]?\s*(.*)$/s.exec(trimmed) ?? [];
    if (key !== undefined) properties[unescaped(key)] = unescaped(value ?? '');
  }
  return properties;
}

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

const unescaped = (value: string): string =>
  value.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, unicode?: string, one?: string) =>
    unicode === undefined ? (CONTROLS[one!] ?? one!) : String.fromCharCode(Number.parseInt(unicode, 16)),
  );
