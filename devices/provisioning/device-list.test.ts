import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberedDevices, parseDeviceList } from './device-list.ts';

describe('numbered devices', () => {
  it('of a larger fleet contain the smaller one', () => {
    const names = (count: number) => numberedDevices(count, 'roof').map(({ thingName }) => thingName);
    expect(names(3)).toEqual(['roof-0001', 'roof-0002', 'roof-0003']);
    expect(names(10_001).slice(0, 3)).toEqual(names(3));
    expect(names(10_001).at(-1)).toBe('roof-10001');
  });

  it('have names that AWS IoT takes', () => {
    expect(() => numberedDevices(1, 'a b')).toThrow("Cannot name devices 'a b-0001'");
    expect(() => numberedDevices(1, 'x'.repeat(124))).toThrow('1 to 128');
  });
});

describe('a table of devices', () => {
  it('may have quotes, blanks, empty values and lines, and either line end', () => {
    const text = '\ufefftype, thing_name ,city\r\nroof,"a",Ames\r\n\r\n,b , \nroof,c,"x,y""z"';
    expect(() => parseDeviceList(text, 'f.csv')).toThrow(
      `line 5 of 'f.csv': attribute 'city' cannot be 'x,y"z'`,
    );
    expect(parseDeviceList(text.slice(0, text.lastIndexOf('\n')), 'f.csv')).toEqual([
      { thingName: 'a', typeName: 'roof', attributes: { city: 'Ames' } },
      { thingName: 'b', attributes: {} },
    ]);
  });

  it.each<[string, string]>([
    ['', "it names the columns, and 'thing_name' is none of them"],
    ['name\na', "line 1 of 'f.csv': it names the columns"],
    ['thing_name', "Cannot use 'f.csv': it names no device"],
    ['thing_name,a,a\nx,1,2', "the column 'a' comes twice"],
    ['thing_name,a b\nx,1', "'a b' is not the name of an attribute"],
    ['thing_name\na\na', "line 3 of 'f.csv': thing 'a' comes twice"],
    ['thing_name,a\nx', 'it has 1 values, the first line names 2 columns'],
    ['thing_name\n"a', "line 2 of 'f.csv': a quoted value does not end"],
    ['thing_name,a,b,c,d\nx,1,2,3,4', 'without a type has at most 3 attributes, got 4'],
    ['thing_name,type\nx,a b', "'a b' cannot be the name of a type"],
    ['thing_name\n../x', "'../x' cannot be the name of a thing"],
    ['thing_name\n..', "'..' cannot be the name of a thing"],
  ])('%j is refused: %s', (text, problem) => {
    expect(() => parseDeviceList(text, 'f.csv')).toThrow(problem);
  });

  it('gives back every name and attribute that was written into it', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9:_-]{1,20}$/);
    const device = fc.record({
      thingName: name,
      floor: fc.stringMatching(/^[a-zA-Z0-9_.,@/:#=[\]-]{1,20}$/),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(device, { selector: ({ thingName }) => thingName, minLength: 1 }),
        (devices) => {
          const rows = devices.map(({ thingName, floor }) => `"${thingName}","${floor}"`);
          const parsed = parseDeviceList(['thing_name,floor', ...rows].join('\n'), 'f.csv');
          expect(parsed).toEqual(
            devices.map(({ thingName, floor }) => ({ thingName, attributes: { floor } })),
          );
        },
      ),
    );
  });
});
