import { describe, expect, it } from 'vitest';
import { compileRule, type MessageInput } from '../index.ts';

const PAYLOAD = {
  text: 'hello',
  int: 7,
  decimal: 2.5,
  negative: -1.5,
  yes: true,
  nothing: null,
  list: [1, 2, 3],
  map: { a: 'b' },
};

/** The JSON text an expression gives, an empty text for Undefined. */
function textOf(expression: string, extra: Partial<MessageInput> = {}): unknown {
  const rule = compileRule(`SELECT VALUE ${expression} FROM '#'`);
  const payload = Buffer.from(JSON.stringify(PAYLOAD));
  return rule.evaluateText({ topic: 'a/b/c', payload, timestampMillis: 1_600_000_000_000, ...extra });
}

/** An expression and the JSON text it gives; an empty text is Undefined. */
type Example = readonly [expression: string, text: string];

const NUMBERS: readonly Example[] = [
  ['abs("-5.5")', '5.5'],
  ['abs(-12345678901234567890)', '12345678901234567890'],
  ['acos(2)', ''],
  ['atan2(1, 0)', '1.5707963267948966'],
  ['bitand(13.9, "5")', '5'],
  ['bitand(yes, 5)', ''],
  ['bitor(4294967296, 1)', '4294967297'],
  ['bitxor(13, 5)', '8'],
  ['bitnot(13)', '-14'],
  ['bitnot(-14.5)', '14'],
  ['ceil(-1.2)', '-1'],
  ['ceil("1.2")', '2'],
  ['floor(-1.2)', '-2'],
  ['round(negative)', '-2'],
  ['round(2.5)', '3'],
  ['round(0.49999999999999994)', '0'],
  ['sign("-3.5")', '-1'],
  ['mod(8, 3)', '2'],
  ['remainder(-8, 3)', '-2'],
  ['mod(8, 0)', ''],
  ['power(2, 0.5)', '1.4142135623730951'],
  ['power(10, 400)', ''],
  ['sqrt(-1)', ''],
  ['ln(0)', ''],
  ['log(100)', '2'],
  ['trunc(2.3123, 2)', '2.31'],
  ['trunc(2.00, 5)', '2'],
  ['trunc(0.00000023, 8)', '2.3e-7'],
  ['trunc(-0.00000019, 7)', '-1e-7'],
  ['trunc("2.888", 1.9)', '2.8'],
  ['trunc(nothing, 1)', ''],
];

const TEXTS: readonly Example[] = [
  ['chr(65.9)', '"A"'],
  ['chr(128)', ''],
  ['chr("x")', ''],
  ['concat([1, 2, 3], 4)', '[1,2,3,4]'],
  ['concat("he", "is", "man")', '"heisman"'],
  ['concat(1)', '1'],
  ['concat("a", nothing)', ''],
  ['endswith("cat", "at")', 'true'],
  ['startswith(nothing, "a")', ''],
  ['indexof("abcd", "x")', '-1'],
  ['length(yes)', '4'],
  ['numbytes("€")', '3'],
  ['lower(["HELLO"])', String.raw`"[\"hello\"]"`],
  ['upper(map)', String.raw`"{\"A\":\"B\"}"`],
  ['lpad(1, 3)', '"   1"'],
  ['rpad("a", "1.9")', '"a "'],
  ['length(lpad("", 5000))', '1000'],
  ['ltrim(" \t h i ")', '"h i "'],
  ['rtrim(" h i \t")', '" h i"'],
  ['trim(" hi ")', '"hi"'],
  ['replace("abcdabcd", "b", "$&")', '"a$&cda$&cd"'],
  ['substring("012345", 3, 1)', '""'],
  ['substring(yes, 1.2)', '"rue"'],
  ['substring("012345", 1, missing)', ''],
];

const REGEXPS: readonly Example[] = [
  ['regexp_matches("aaaa", "a{2,}")', 'true'],
  ['regexp_substr("hihihello", "(hi)*")', '"hihi"'],
  ['regexp_substr("a", "b")', ''],
  ['regexp_replace("abcd", "b(.*)d", "$1")', '"ac"'],
  ['regexp_replace("abc", "b", "$5")', ''],
  [String.raw`regexp_replace("abc", "b", "\$1")`, '"a$1c"'],
  ['regexp_matches(text, "h" + "ell")', 'true'],
  ['regexp_matches(text, text + "(")', ''],
];

const COLLECTIONS: readonly Example[] = [
  ['get("abc", 1)', '"b"'],
  ['get(list, 1.7)', '3'],
  ['get(list, "1.7")', '2'],
  ['get(list, nothing)', ''],
  ['get(map, "a")', '"b"'],
  ['get(map, 0)', ''],
  ['get(map, "constructor")', ''],
  ['list[0] + list[1]', '3'],
  ['nanvl(missing, "d")', '"d"'],
  ['nanvl(yes, 1)', 'true'],
  ['get_or_default(nothing, 5)', '5'],
  ['get_or_default(int, 5)', '7'],
  ['isNull(nothing)', 'true'],
  ['isUndefined(floor([1, 2, 3]))', 'true'],
  ['transform("enrichArray", {"key": int}, [{"a": 3}, 4])', '[{"a":3,"key":7},4]'],
  ['transform("enrichArray", int, list)', ''],
];

const CASTS: readonly Example[] = [
  ['cast(yes AS Int)', '1'],
  ['cast(2.9 AS Int)', '2'],
  ['cast(-1.5 AS Integer)', '-2'],
  ['cast("-1.5" AS Int)', '-2'],
  ['cast("7" AS float)', '7'],
  ['cast(" 7" AS float)', ''],
  ['cast(0 AS Bool)', 'false'],
  ['cast(-2.5 AS Boolean)', 'true'],
  ['cast("FALSE" AS Boolean)', 'false'],
  ['cast(list AS String)', '"[1,2,3]"'],
  ['cast(0.00000015 AS String)', '"1.5E-7"'],
  ['cast(nothing AS Text)', ''],
];

const ENCODINGS: readonly Example[] = [
  ['encode("a", "base64")', '"YQ=="'],
  ['encode(map, "base64")', '"eyJhIjoiYiJ9"'],
  ['encode("a", "hex")', ''],
  ['decode("eyAidGVtcGVyYXR1cmUiOiAzMyB9Cg==", "base64").temperature', '33'],
  ['decode("bnVsbA==", "base64")', 'null'],
  ['decode("cmVk", "base64")', '"red"'],
  ['decode("%%", "base64")', 'null'],
  ['decode("/w==", "base64")', 'null'],
  ['md2("")', '"8350e5a3e24c153df2275c9f80692773"'],
  ['md2("message digest")', '"ab4f496bfb2a530b219ff33031fe06b0"'],
  ['sha1("hello")', '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"'],
  ['sha256(nothing)', ''],
];

const TIMES: readonly Example[] = [
  [
    `parse_time("yyyy.MM.dd G 'at' HH:mm:ss z", 100000000, "America/Belize")`,
    '"1970.01.01 AD at 21:46:40 CST"',
  ],
  ['parse_time("yyyy", timestamp(), "UTC")', '"2020"'],
  ['parse_time("yyyy", 0, "Nowhere/City")', ''],
  [
    'time_to_epoch("2007-12-03 10:15:30.592 America/Los_Angeles", "yyyy-MM-dd HH:mm:ss.SSS z")',
    '1196705730592',
  ],
  ['time_to_epoch("x", "yyyy")', ''],
];

const OPERATORS: readonly Example[] = [
  ['9007199254740993 + 1', '9007199254740994'],
  ['9007199254740993 * 3', '27021597764222979'],
  ['7 / 2', '3.5'],
  ['8 / 2', '4'],
  ['1 / 0', ''],
  ['1E3 + 0', '1000'],
  ['"1" + 2', '"12"'],
  ['text + nothing', ''],
  ['nothing + 1', ''],
  ['yes + 1', ''],
  ['1 - -2', '3'],
  ['-"5"', '-5'],
  ['"abc" < "abd"', ''],
  ['int != 7', 'false'],
  ['nothing = NULL', 'true'],
  ['map = {"a": "b"}', 'true'],
  ['[1, missing] = [1, missing]', 'true'],
  ['2 IN list', 'true'],
  ['2 IN int', ''],
  ['NOT int = 8', 'true'],
  ['1 + 2 * 3 - 4 % 3', '6'],
  ['yes OR yes AND false', 'true'],
];

describe.each([
  ['numbers', NUMBERS],
  ['texts', TEXTS],
  ['regular expressions', REGEXPS],
  ['collections', COLLECTIONS],
  ['casts', CASTS],
  ['encodings', ENCODINGS],
  ['times', TIMES],
  ['operators', OPERATORS],
] as const)('functions of %s', (_, examples) => {
  it.each(examples)('%s is %s', (expression, text) => {
    expect(textOf(expression)).toBe(text);
  });
});

describe('functions of the message', () => {
  const input: Partial<MessageInput> = {
    topic: '$aws/rules/rule/x/y',
    principal: 'ba67',
    traceId: 't-1',
    accountId: '123456789012',
    sourceIp: '192.0.2.1',
    mqttProperties: {
      contentType: 'json',
      payloadFormatIndicator: true,
      correlationData: Buffer.from('id'),
      userProperties: [
        ['k', '1'],
        ['__proto__', '2'],
        ['k', '3'],
      ],
    },
  };

  it.each([
    ['topic()', '"x/y"'],
    ['topic(2.9)', '"y"'],
    ['topic("1")', '"x"'],
    ['topic(0)', ''],
    ['clientid()', '"n/a"'],
    ['principal()', '"ba67"'],
    ['traceid()', '"t-1"'],
    ['accountid()', '"123456789012"'],
    ['sourceip()', '"192.0.2.1"'],
    ['sql_version()', '"2016-03-23"'],
    ['timestamp()', '1600000000000'],
    ['length(newuuid())', '36'],
    ['rand() >= 0 AND rand() < 1', 'true'],
    ['get_mqtt_property("content_type")', '"json"'],
    ['get_mqtt_property("format_indicator")', '"UTF8_DATA"'],
    ['get_mqtt_property("correlation_data")', '"aWQ="'],
    ['get_mqtt_property("response_topic")', ''],
    ['get_mqtt_property("constructor")', ''],
    ['get_user_properties("k")', '["1","3"]'],
    ['get_user_properties("none")', ''],
    ['get_user_properties()', '[{"k":"1"},{"__proto__":"2"},{"k":"3"}]'],
  ])('%s is %s', (expression, text) => {
    expect(textOf(expression, input)).toBe(text);
  });
});
