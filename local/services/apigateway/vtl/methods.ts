import { javaRegExp, matchesWhole, replaceAll } from './java-regexp.ts';
import type { Value } from './json.ts';
import { areEqual, type JavaType, javaType, type MapValue, textOf } from './values.ts';

type Parameter = 'String' | 'Integer' | 'Regex' | 'Any';

interface Method {
  readonly parameters: readonly Parameter[];
  call(self: never, ...values: never[]): Value;
}

const method = (parameters: readonly Parameter[], call: Method['call']): Method => ({ parameters, call });

/** The methods of java.lang.String, List and Map that templates use; overloads differ in their number of parameters. */
const METHODS: Readonly<Record<JavaType, Readonly<Record<string, readonly Method[]>>>> = {
  String: {
    length: [method([], (text: string) => text.length)],
    isEmpty: [method([], (text: string) => text === '')],
    startsWith: [method(['String'], (text: string, prefix: string) => text.startsWith(prefix))],
    endsWith: [method(['String'], (text: string, suffix: string) => text.endsWith(suffix))],
    contains: [method(['String'], (text: string, part: string) => text.includes(part))],
    indexOf: [
      method(['String'], (text: string, part: string) => text.indexOf(part)),
      method(['String', 'Integer'], (text: string, part: string, from: number) => text.indexOf(part, from)),
    ],
    substring: [
      method(['Integer'], (text: string, start: number) => substring(text, start, text.length)),
      method(['Integer', 'Integer'], (text: string, start: number, end: number) => substring(text, start, end)),
    ],
    replace: [method(['String', 'String'], (text: string, from: string, to: string) => text.split(from).join(to))],
    replaceAll: [method(['Regex', 'String'], (text: string, from: string, to: string) => replaceAll(text, from, to))],
    split: [method(['Regex'], (text: string, separator: string) => split(text, separator))],
    matches: [method(['Regex'], (text: string, pattern: string) => matchesWhole(text, pattern))],
    // Java trims what is at or below a blank, and no other white space.
    trim: [method([], (text: string) => text.replace(/^[\0- ]+|[\0- ]+$/g, ''))],
    toLowerCase: [method([], (text: string) => text.toLowerCase())],
    toUpperCase: [method([], (text: string) => text.toUpperCase())],
    concat: [method(['String'], (text: string, more: string) => text + more)],
    equals: [method(['Any'], (text: string, other: Value) => text === other)],
    equalsIgnoreCase: [method(['String'], (text: string, other: string) => text.toLowerCase() === other.toLowerCase())],
    toString: [method([], (text: string) => text)],
  },
  Number: {
    equals: [method(['Any'], (number: Value, other: Value) => javaType(other) === 'Number' && areEqual(number, other))],
    toString: [method([], (number: Value) => textOf(number))],
  },
  Boolean: {
    equals: [method(['Any'], (value: boolean, other: Value) => value === other)],
    toString: [method([], (value: boolean) => String(value))],
  },
  List: {
    size: [method([], (list: Value[]) => list.length)],
    isEmpty: [method([], (list: Value[]) => list.length === 0)],
    get: [method(['Integer'], (list: Value[], index: number) => elementOf(list, index))],
    contains: [
      method(['Any'], (list: Value[], value: Value) =>
        list.some((each) => javaType(each) === javaType(value) && areEqual(each, value)),
      ),
    ],
  },
  Map: {
    size: [method([], (map: MapValue) => Object.keys(map).length)],
    isEmpty: [method([], (map: MapValue) => Object.keys(map).length === 0)],
    get: [method(['String'], (map: MapValue, key: string) => memberOf(map, key))],
    containsKey: [method(['String'], (map: MapValue, key: string) => Object.hasOwn(map, key))],
    keySet: [method([], (map: MapValue) => Object.keys(map))],
    entrySet: [method([], (map: MapValue) => Object.entries(map).map(([key, value]) => ({ key, value })))],
    put: [method(['String', 'Any'], (map: MapValue, key: string, value: Value) => put(map, key, value))],
  },
  null: {},
};

/** Says at deploy what no value could answer. @throws Error */
export function checkMethod(name: string, given: number): void {
  const overloads = Object.values(METHODS).flatMap((methods) => (Object.hasOwn(methods, name) ? methods[name]! : []));
  if (overloads.length === 0) throw new Error(`no String, Number, Boolean, List or Map has a method ${name}() here`);
  if (!overloads.some(({ parameters }) => parameters.length === given)) {
    throw new Error(`no method ${name}() takes ${given} arguments here`);
  }
}

/** Says at deploy what is wrong with the literals given. @throws JavaRegExpError */
export function checkLiterals(name: string, literals: readonly (Value | undefined)[]): void {
  const takesRegExp = METHODS.String[name]?.some(({ parameters }) => parameters[0] === 'Regex');
  if (takesRegExp && typeof literals[0] === 'string') javaRegExp(literals[0]);
}

/** @throws Error when the value has no such method or it takes other arguments. */
export function callMethod(self: Value, name: string, given: readonly Value[]): Value {
  const type = javaType(self);
  const methods = METHODS[type];
  const found =
    Object.hasOwn(methods, name) && methods[name]!.find(({ parameters }) => parameters.length === given.length);
  if (!found) throw new Error(`a ${type} has no method ${name}() with ${given.length} arguments here`);
  found.parameters.forEach((parameter, i) => {
    if (!fits(parameter, given[i]!)) {
      throw new Error(`argument ${i + 1} of ${name}() is a ${javaType(given[i]!)} instead of a ${parameter}`);
    }
  });
  return found.call(self as never, ...(given as never[]));
}

function fits(parameter: Parameter, value: Value): boolean {
  if (parameter === 'Any') return true;
  return parameter === 'Integer' ? Number.isSafeInteger(value) : typeof value === 'string';
}

/** `$map.key`, `$map["key"]`: null where there is none. */
export const memberOf = (map: MapValue, key: string): Value => (Object.hasOwn(map, key) ? map[key]! : null);

/** @throws Error as Java's IndexOutOfBoundsException. */
export function elementOf(list: readonly Value[], index: number): Value {
  const value = list[index];
  if (value === undefined) throw new Error(`index ${index} is out of a List of ${list.length}`);
  return value;
}

function put(map: MapValue, key: string, value: Value): Value {
  const before = memberOf(map, key);
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  return before;
}

function substring(text: string, start: number, end: number): string {
  if (start < 0 || end > text.length || start > end) {
    throw new Error(`substring(${start}, ${end}) is out of a String of ${text.length}`);
  }
  return text.slice(start, end);
}

/** Without trailing empty parts, as Java's. */
function split(text: string, separator: string): Value {
  if (/(^|[^\\])\((?!\?)/.test(separator)) throw new Error('split() by an expression with groups is not known here');
  if (text === '') return [''];
  const parts = text.split(javaRegExp(separator));
  while (parts.length > 0 && parts.at(-1) === '') parts.pop();
  return parts;
}
