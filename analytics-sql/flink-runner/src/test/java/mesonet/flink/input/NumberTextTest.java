package mesonet.flink.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers as JavaScript writes them. */
class NumberTextTest {
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({
        "0, 0",
        "-0.0, 0",
        "100, 100",
        "0.1, 0.1",
        "-1.5, -1.5",
        "123456789.125, 123456789.125",
        "0.000001, 0.000001",
        "0.0000001, 1e-7",
        "-1.25e-9, -1.25e-9",
        "2e-3, 0.002",
        "1e20, 100000000000000000000",
        "1e21, 1e+21",
        "1.5e300, 1.5e+300",
        "36.903999599999999, 36.9039996",
        "9007199254740993, 9007199254740992",
        "5e-324, 5e-324",
        "2.2250738585072014e-308, 2.2250738585072014e-308",
    })
    void aNumberIsPrinted(double value, String text) {
        assertEquals(text, NumberText.print(value));
    }
}
