import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { testRules } from '../../src/topic-rules/test-rules.ts';

/**
 * Cases written after the tables and sentences of the AWS IoT developer guide, one file for each of its pages, and after
 * what outputs of the live service show (iot-rule-sql-live).
 */
const report = await testRules(fileURLToPath(new URL('./iot-sql', import.meta.url)));

for (const { rule, error, cases } of report.rules) {
  describe(rule, () => {
    it('can be run', () => {
      expect(error).toBeUndefined();
    });

    for (const { number, name, differences, problems } of cases) {
      it(`${number} ${name}`, () => {
        expect({ differences, problems }).toEqual({ differences: [], problems: [] });
      });
    }
  });
}

it('has cases for every page of the SQL reference', () => {
  expect(report.rules.map(({ rule }) => rule)).toEqual([
    'iot-rule-sql-live',
    'iot-sql-case',
    'iot-sql-data-types',
    'iot-sql-functions',
    'iot-sql-json',
    'iot-sql-literals',
    'iot-sql-nested-queries',
    'iot-sql-operators',
    'iot-sql-select',
    'iot-sql-set',
    'iot-sql-where',
  ]);
});
