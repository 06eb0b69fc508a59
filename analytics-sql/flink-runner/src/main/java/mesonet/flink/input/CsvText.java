package mesonet.flink.input;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** Reads CSV: a field in double quotes may hold delimiters, a quote inside is doubled; empty rows are left out. */
final class CsvText {
    private final String text;
    private final String rowDelimiter;
    private final String columnDelimiter;
    private int at = 0;

    private CsvText(String text, String rowDelimiter, String columnDelimiter) {
        this.text = text;
        this.rowDelimiter = rowDelimiter;
        this.columnDelimiter = columnDelimiter;
    }

    static List<JsonNode> read(String text, String rowDelimiter, String columnDelimiter) {
        return new CsvText(text, rowDelimiter, columnDelimiter).rows();
    }

    private List<JsonNode> rows() {
        List<JsonNode> rows = new ArrayList<>();
        ArrayNode row = JsonNodeFactory.instance.arrayNode();
        while (at <= text.length()) {
            row.add(field());
            if (at < text.length() && text.startsWith(columnDelimiter, at)) {
                at += columnDelimiter.length();
                continue;
            }
            if (row.size() > 1 || !row.get(0).textValue().isEmpty()) rows.add(row);
            row = JsonNodeFactory.instance.arrayNode();
            at += rowDelimiter.length();
        }
        return rows;
    }

    private String field() {
        if (at < text.length() && text.charAt(at) == '"') {
            int end = closingQuote();
            if (end >= 0) {
                String value = text.substring(at + 1, end).replace("\"\"", "\"");
                at = end + 1;
                return value;
            }
        }
        int end = Math.min(indexOf(columnDelimiter), indexOf(rowDelimiter));
        String value = text.substring(at, end);
        at = end;
        boolean isLine = rowDelimiter.equals("\n") && value.endsWith("\r");
        return isLine ? value.substring(0, value.length() - 1) : value;
    }

    /** Where the quoted field ends, -1 when its quote is never closed. */
    private int closingQuote() {
        int quote = text.indexOf('"', at + 1);
        while (quote >= 0 && quote + 1 < text.length() && text.charAt(quote + 1) == '"')
            quote = text.indexOf('"', quote + 2);
        return quote;
    }

    private int indexOf(String delimiter) {
        int found = text.indexOf(delimiter, at);
        return found < 0 ? text.length() : found;
    }
}
