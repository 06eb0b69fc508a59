package mesonet.flink.function;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mesonet.flink.input.JsonText;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * The log parsers: the texts of a log line's fields in order, NULL where the line does not fit the parser, which is
 * given as the JSON text that the plan has of it.
 */
public final class LogParse extends ScalarFunction {
    private static final Map<String, LogParser> PARSERS = new ConcurrentHashMap<>();

    public @DataTypeHint("ARRAY<STRING>") String[] eval(
            String text,
            String parser,
            @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData rowtime) {
        if (text == null || parser == null || rowtime == null) return null;
        LogParser parse = PARSERS.computeIfAbsent(parser, key -> LogParser.of(JsonText.parse(key)));
        return parse.fields(text, rowtime.getMillisecond());
    }
}
