import { describe, expect, test } from '@jest/globals';
import { Context } from '../../../local/services/apigateway/context.ts';
import { type Parameters, Payload } from '../../../local/services/apigateway/vtl/scope.ts';
import { MappingTemplateError, Template } from '../../../local/services/apigateway/vtl/template.ts';

const WHERE = 'PUT /things, request template';

interface Given {
  readonly body?: unknown;
  readonly parameters?: Partial<Parameters>;
  readonly context?: Context;
}

function render(source: string, { body = {}, parameters = {}, context = new Context() }: Given = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Template(source, WHERE).render({
    payload: new Payload(text),
    parameters: { path: {}, querystring: {}, header: {}, ...parameters },
    context,
    stageVariables: { table: 'posts' },
  });
}

describe('$input', () => {
  test.each<[string, unknown, string]>([
    ["$input.json('$')", ' { "a" : [ 1, "x" ] } ', '{"a":[1,"x"]}'],
    ["$input.json('$.a')", { a: 'x"y/é' }, '"x\\"y/é"'],
    ["$input.json('$.a.b[1].c')", { a: { b: [0, { c: null }] } }, 'null'],
    ['$input.json(\'$["a b"][0]\')', { 'a b': [true] }, 'true'],
    ["$input.json('$.partition-key')", { 'partition-key': 1 }, '1'],
    ["$input.json('$.missing.more')", {}, '""'],
    ["$input.json('$.toString')", {}, '""'],
    ["$input.json('$')", '', '{}'],
    ["$input.json('$')", '[12345678901234567890, 1.0, -0, 1e3, 0.1]', '[12345678901234567890,1.0,-0,1e3,0.1]'],
    ["$input.path('$.a')", { a: 'plain "text"' }, 'plain "text"'],
    ["$input.path('$.a')", '{"a": 12345678901234567890}', '12345678901234567890'],
    ["$input.path('$.a')", { a: { b: [1, null], c: 'x' } }, '{b=[1, null], c=x}'],
    ['$input.body', '  as it came ', '  as it came '],
  ])('%s of %j', (source, body, expected) => {
    expect(render(source, { body })).toBe(expected);
  });

  test('params looks into path, query string and header in this order', () => {
    const parameters = { path: { a: '1' }, querystring: { a: '2', b: '3' }, header: { b: '4', 'X-c': '5' } };
    const source =
      "$input.params('a')$input.params('b')$input.params('X-c')<$input.params('none')>$input.params().header.get('b')";
    expect(render(source, { parameters })).toBe('135<>4');
  });
});

describe('$util, $context, $stageVariables', () => {
  test.each([
    ["$util.escapeJavaScript($input.path('$.a'))", '\\"\\\'\\\\\\/\\n\\u0000\\u001F\\u00E9\\uD83D\\uDE00<'],
    ["$util.base64Encode($input.path('$.a'))", Buffer.from('"\'\\/\n\0\x1fé😀<').toString('base64')],
    ["$util.base64Decode($util.base64Encode($input.path('$.a')))", '"\'\\/\n\0\x1fé😀<'],
    ["$util.urlEncode('a b&c/é*')", 'a+b%26c%2F%C3%A9*'],
    ["$util.urlDecode('a+b%26')", 'a b&'],
    ['$util.parseJson(\'{"x":[7]}\').x[0]', '7'],
    ['$stageVariables.table', 'posts'],
    ['[$context.identity.apiKey]', '[]'],
  ])('%s', (source, expected) => {
    expect(render(source, { body: { a: '"\'\\/\n\0\x1fé😀<' } })).toBe(expected);
  });

  test('an override is set once, and can be read in the response template', () => {
    const context = new Context();
    render('#set($context.requestOverride.path.reason = "why")#set($context.responseOverride.header.Retry-After = 1)', {
      context,
    });
    expect(render('$context.requestOverride.path.reason', { context })).toBe('why');
    expect(context.responseHeaders).toEqual({ 'Retry-After': '1' });
    expect(() => render('#set($context.requestOverride.path.reason = "x")', { context })).toThrow('final');
  });
});

describe('methods', () => {
  test.each([
    ['$s.length()', '5'],
    ["$s.startsWith('ab').toString()$s.endsWith('e')$s.contains('bx')", 'truetruefalse'],
    ["$s.indexOf('d')$s.indexOf('x')$s.indexOf('b', 2)", '3-1-1'],
    ['$s.substring(3)$s.substring(0, 2)', 'deab'],
    ["$s.replace('.', 'x')$s.replaceAll('[ab]', '.')", 'abcde..cde'],
    ["$s.replaceAll('(b)(c)', '\\x$2$1')", 'axcbde'],
    ["$s.toUpperCase()$s.concat('!')", 'ABCDEabcde!'],
    ["$s.matches('a.*')$s.matches('b.*')", 'truefalse'],
    ["$s.equals('abcde')$s.equalsIgnoreCase('ABCDE')$s.equals(1)", 'truetruefalse'],
    ["$s.split('c')[1]", 'de'],
    ["'a,b,,'.length()", "'a,b,,'.length()"],
    ['$l.size()$l.get(1)$l[0]$l.contains(2)$l.contains("2")$l.isEmpty()', '321truefalsefalse'],
    ["$m.size()$m.get('k')$m.k$m['k']$m.containsKey('x')$m.keySet().get(0)", '1vvvfalsek'],
    ['#foreach($e in $m.entrySet())$e.key=$e.value#end', 'k=v'],
    ["$!m.put('x', 1)$m.x", '1'],
    ["$!m.put('__proto__', 1)$m.containsKey('__proto__')$!m.constructor", 'true'],
  ])('%s', (source, expected) => {
    const given = "#set($s = 'abcde')#set($l = [1, 2, 3])#set($m = {'k': 'v'})";
    expect(render(given + source)).toBe(expected);
  });

  test('the quote that escapeJavaScript escapes too much is mended by the documented replaceAll', () => {
    const body = { a: 'it\'s \\\' "q" \\' };
    const source = '{"a":"$util.escapeJavaScript($input.path(\'$.a\')).replaceAll("\\\\\'", "\'")"}';
    expect(JSON.parse(render(source, { body: { a: 'it\'s "q" \\' } }))).toEqual({ a: 'it\'s "q" \\' });
    expect(() => JSON.parse(render(source, { body }))).not.toThrow();
  });
});

describe('directives', () => {
  test.each<[string, unknown, string]>([
    ['#if(0)t#end#if("")t#end#if([])t#end', {}, 'ttt'],
    ["#if($input.path('$.a'))t#{else}f#end", { a: null }, 'f'],
    ["#if($input.path('$.a'))t#else f#end", { a: false }, ' f'],
    ["#if(!$input.path('$.a') || $input.path('$.a').length() > 3)t#end", {}, 't'],
    ['#if("1" == 1)t#end#if(2 > 1 && 1 <= 1 && 1 != 2)t#end', {}, 'tt'],
    ["#if($input.path('$.a') == 5000000000)t#{else}f#end", '{"a": 5}', 'f'],
    ['#set($x = 7 / 2)$x#set($y = 7 % 4 + 2 * 3)$y#set($z = "a" + 1)$z', {}, '39a1'],
    ['#foreach($i in [1..3])$foreach.index$foreach.count$i#if($foreach.hasNext),#end#end', {}, '011,122,233'],
    ['#foreach($i in [1..5])#if($i == 3)#break#end$i#end!', {}, '12!'],
    ['a#stop b', {}, 'a'],
    ['#foreach($i in [1..5])$i#if($i == 2)#{stop}#end#end!', {}, '12'],
    ["#foreach($x in $input.path('$.none'))x#end", {}, ''],
    ["#foreach($x in $input.path('$.m'))$x#end", { m: { a: 1, b: 2 } }, '12'],
    ['#set($x = 1)#foreach($x in [5])$x#end$x', {}, '51'],
    [
      "#foreach($r in $input.path('$.r'))$input.json(\"$.r[$foreach.index]['d']\")#end",
      { r: [{ d: 1 }, { d: 'x' }] },
      '1"x"',
    ],
    ['#set($l = "records")#set($p = "$.${l}[0].a")$p', {}, '$.records[0].a'],
    ["#set($x = '$y #if')$x", {}, '$y #if'],
    ['## gone\n#* gone\n too *#kept $5 # " $', {}, 'kept $5 # " $'],
    ['#set($x = "$!input.path(\'$.no\')")[$x]', {}, '[]'],
    ['#if(false)#set($x = 1)#end[$!x]', {}, '[]'],
  ])('%s of %j', (source, body, expected) => {
    expect(render(source, { body })).toBe(expected);
  });

  test('what a body holds is never run as a template', () => {
    const hostile = '$util.base64Encode("x") #set($a = 1) #end ${b} $input.body';
    expect(render('#set($x = $input.path(\'$.a\'))$x $x.trim() "$x"', { body: { a: hostile } })).toBe(
      `${hostile} ${hostile} "${hostile}"`,
    );
  });
});

describe('refused at deploy', () => {
  test.each([
    ['$foo', /\$foo: nothing sets this variable/],
    ['#if($null)x#end', /\$null: nothing sets/],
    ["$input.xml('$')", /\$input\.xml\(\): has json\(\), path\(\), params\(\) and nothing else/],
    ['$util.time.now()', /\$util/],
    ["$util.base64Encode('a', 'b')", /takes 1 argument/],
    ['$context.nothing', /no such variable/],
    ['#set($context.stage = "x")', /\$context\.stage cannot be set/],
    ["$input.path('$').frobnicate()", /no String, Number, Boolean, List or Map has a method frobnicate/],
    ["$input.path('$').length(1)", /no method length\(\) takes 1/],
    ["$input.path('$..a')", /JSONPath "\$\.\.a"/],
    ["$input.json('$.a[?(@.b)]')", /JSONPath/],
    ["$input.body.replaceAll('(?i)a', 'b')", /Java regular expression/],
    ["$input.body.matches('[a')", /Java regular expression/],
    ['#macro(x)y#end', /#macro is not known here|#x is not known here/],
    ['#parse("x")', /#parse is not known here/],
    ['#froeach($x in [1])y', /line 1: #froeach is not known here|Parse error/],
    ['#elsif', /#elsif is not known here/],
    ['#if(true)x', /#end does not match/],
    ['x#end', /#end does not match/],
    ['#else', /stands alone/],
    ['#if(true)#else a#else b#end', /#else after #else/],
    ['#break', /outside of #foreach/],
    ['$foreach.index', /outside of #foreach/],
    ['#set($x = null)', /no literal null/],
    ['#set($x = "a\\"b")', /escaped quote/],
    ['\\$x', /\\\$ is not known here/],
    ['#set($a = true)#if($a && $a || $a)x#end', /needs parentheses/],
    ['#set($x.y = 1)', /has put\(\)/],
    ['#set($x = )', /line 1/],
    ['\n\n$bar', /line 3/],
  ])('%j', (source, message) => {
    expect(() => new Template(source, WHERE)).toThrow(MappingTemplateError);
    expect(() => new Template(source, WHERE)).toThrow(message);
    expect(() => new Template(source, WHERE)).toThrow(WHERE);
  });
});

describe('refused while rendering', () => {
  test.each<[string, unknown, RegExp]>([
    ["$input.path('$.a')", {}, /\$input\.path\(\) has no value/],
    ["$input.path('$.a').length()", {}, /a null has no method length/],
    ["$input.path('$.a').length()", { a: [] }, /a List has no method length/],
    ["$input.path('$.a').get(3)", { a: [1] }, /index 3 is out of a List of 1/],
    ["$input.path('$.a').contains(1)", { a: 'x' }, /argument 1 of contains\(\) is a Number/],
    ["$util.parseJson($input.path('$.a'))", { a: '{' }, /\$util\.parseJson\(\)/],
    ["$util.base64Decode($input.path('$.a'))", { a: '*' }, /not Base64/],
    ["$util.escapeJavaScript($input.path('$.a'))", { a: 1 }, /takes a String, not a Number/],
    ["$input.json('$')", '{"a"', /\$input\.json\(\)/],
    ["#if($input.path('$.a') > 1)x#end", {}, />: a null cannot be compared/],
    ["#set($y = 1)#set($y = $input.path('$.a'))", {}, /of null over a value/],
    ["#foreach($x in $input.path('$.a'))x#end", { a: Array(1001).fill(1) }, /1001 elements/],
    ['#set($x = 1 / 0)', {}, /division by zero/],
  ])('%s of %j', (source, body, message) => {
    expect(() => render(source, { body })).toThrow(message);
  });
});
