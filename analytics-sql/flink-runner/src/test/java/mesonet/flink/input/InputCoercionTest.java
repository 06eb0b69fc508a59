package mesonet.flink.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import mesonet.flink.job.SqlType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of JSON values in columns, beside the same tables of the embedded engine. */
class InputCoercionTest {
    @ParameterizedTest(name = "{0} as {1} is {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "true|INTEGER|1",
                "\" 12 \"|INTEGER|12",
                "1e2|SMALLINT|100",
                "\"\"|DOUBLE|null",
                "0.1|REAL|0.1",
                "2.345|DECIMAL(5,2)|2.35",
                "-2.345|DECIMAL(5,2)|-2.35",
                "12.5|VARCHAR(8)|12.5",
                "1e21|VARCHAR(8)|1e+21",
                "\"abcdef\"|VARCHAR(3)|abc",
                "{\"b\": [1.0, \"\\u00e9\"], \"2\": 0}|VARCHAR(40)|{\"2\":0,\"b\":[1,\"é\"]}",
                "\" TRUE\"|BOOLEAN|true",
                "\"2016-11-09\"|TIMESTAMP|2016-11-09T00:00",
                "\"2016-11-09T06:29:00.1Z\"|TIMESTAMP|2016-11-09T06:29:00.100",
                "\"1970-01-03 10:00:00\"|DATE|2",
                "\"00:00:01.5\"|TIME|1500",
            })
    void aValueFits(String json, String type, String expected) throws RefusedRow {
        Object value = InputCoercion.coerce("c", SqlType.parse(type), JsonText.parse(json));
        assertEquals(expected, String.valueOf(value));
    }

    @ParameterizedTest(name = "{0} as {1} is refused: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "123.4|INTEGER|Column \"c\" cannot hold 123.4 as INTEGER",
                "\"x\"|DOUBLE|Column \"c\" cannot hold \"x\" as DOUBLE",
                "1e400|DOUBLE|Column \"c\" cannot hold null as DOUBLE",
                "128|TINYINT|Value 128 does not fit TINYINT",
                "9007199254740992|BIGINT|Value 9007199254740992 does not fit BIGINT",
                "1000|DECIMAL(5,2)|Value 1000 does not fit DECIMAL(5,2)",
                "1480000000000|TIMESTAMP|Column \"c\" cannot hold 1480000000000 as TIMESTAMP",
                "\"2016-02-30\"|DATE|Column \"c\" cannot hold \"2016-02-30\" as DATE",
                "\"yes\"|BOOLEAN|Column \"c\" cannot hold \"yes\" as BOOLEAN",
                "\"*\"|VARBINARY(2)|Column \"c\" cannot hold \"*\" as VARBINARY(2)",
            })
    void aValueIsRefused(String json, String type, String message) {
        RefusedRow refused =
                assertThrows(
                        RefusedRow.class,
                        () -> InputCoercion.coerce("c", SqlType.parse(type), JsonText.parse(json)));
        assertEquals(message, refused.getMessage());
    }
}
