package mesonet.flink.input;

import java.util.Base64;

/**
 * A line of the error stream: why a row was refused, by which pump (none for the input), and its bytes, so that it can be
 * mended and given again.
 */
public record RefusedRecord(
        String reason, String detail, String pump, String source, long receivedMillis, byte[] bytes) {
    public String print() {
        StringBuilder line = new StringBuilder();
        member(line, "{\"reason\":", reason);
        member(line, ",\"detail\":", detail);
        member(line, ",\"pump\":", pump);
        member(line, ",\"source\":", source);
        line.append(",\"receivedMillis\":").append(receivedMillis);
        member(line, ",\"base64\":", Base64.getEncoder().encodeToString(bytes));
        return line.append('}').toString();
    }

    private static void member(StringBuilder line, String name, String value) {
        line.append(name);
        JsonText.printString(value, line);
    }
}
