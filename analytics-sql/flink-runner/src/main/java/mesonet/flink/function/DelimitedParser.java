package mesonet.flink.function;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/**
 * VARIABLE_COLUMN_LOG_PARSE: fields between delimiters. The escape text takes a delimiter, a quote or itself behind it
 * literally; between quotes a delimiter is text. An unclosed quote reaches to the end.
 */
final class DelimitedParser implements LogParser {
    private final String delimiter;
    private final String escape;
    private final String quoteBegin;
    private final String quoteEnd;

    DelimitedParser(JsonNode plan) {
        delimiter = plan.path("delimiter").asText();
        escape = plan.path("escape").asText();
        quoteBegin = plan.path("quoteBegin").asText();
        quoteEnd = plan.path("quoteEnd").asText();
    }

    @Override
    public String[] fields(String text, long rowtimeMillis) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean isQuoted = false;
        int at = 0;
        while (at < text.length()) {
            String literal = escapedAt(text, at);
            String quote = isQuoted ? quoteEnd : quoteBegin;
            if (literal != null) {
                field.append(literal);
                at += escape.length() + literal.length();
            } else if (!quoteBegin.isEmpty() && text.startsWith(quote, at)) {
                at += quote.length();
                isQuoted = !isQuoted;
            } else if (!isQuoted && text.startsWith(delimiter, at)) {
                fields.add(field.toString());
                field.setLength(0);
                at += delimiter.length();
            } else field.append(text.charAt(at++));
        }
        fields.add(field.toString());
        return fields.toArray(String[]::new);
    }

    private String escapedAt(String text, int at) {
        if (escape.isEmpty() || !text.startsWith(escape, at)) return null;
        for (String part : List.of(delimiter, escape, quoteBegin, quoteEnd))
            if (!part.isEmpty() && text.startsWith(part, at + escape.length())) return part;
        return null;
    }
}
