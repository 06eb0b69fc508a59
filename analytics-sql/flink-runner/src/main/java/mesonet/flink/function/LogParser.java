package mesonet.flink.function;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** How a log line becomes fields. */
interface LogParser {
    /** The texts of the fields, null where one is missing; null for a line that does not fit. */
    String[] fields(String text, long rowtimeMillis);

    static LogParser of(JsonNode plan) {
        return switch (plan.path("kind").asText()) {
            case "regex" -> regex(Pattern.compile(plan.path("pattern").asText()));
            case "fastRegex" -> fastRegex(plan.path("steps"));
            case "fixedColumns" -> fixedColumns(plan.path("spans"));
            case "syslog" -> SyslogParser::fields;
            case "delimited" -> new DelimitedParser(plan);
            default -> throw new IllegalArgumentException("Cannot parse logs by '" + plan.path("kind") + "'");
        };
    }

    /** The whole line must match; the groups are the fields. */
    private static LogParser regex(Pattern pattern) {
        return (text, rowtime) -> {
            Matcher matcher = pattern.matcher(text);
            if (!matcher.matches()) return null;
            String[] fields = new String[pattern.groupCount()];
            for (int at = 0; at < fields.length; at++) fields[at] = matcher.group(at + 1);
            return fields;
        };
    }

    /** Searches one behind the other; empty groups mark where a field begins or ends. */
    private static LogParser fastRegex(JsonNode steps) {
        List<Pattern> patterns = new ArrayList<>();
        int marks = 0;
        for (JsonNode step : steps) {
            patterns.add(Pattern.compile(step.path("pattern").asText(), Pattern.DOTALL));
            marks += step.path("marks").size();
        }
        int markCount = marks;
        return (text, rowtime) -> {
            int[] edges = new int[markCount];
            int at = 0;
            for (int step = 0; step < patterns.size(); step++) {
                Matcher matcher = patterns.get(step).matcher(text.substring(at));
                if (!matcher.lookingAt()) return null;
                JsonNode marked = steps.get(step).path("marks");
                for (int mark = 0; mark < marked.size(); mark++)
                    edges[marked.get(mark).asInt()] = at + matcher.start(mark + 1);
                at += matcher.end();
            }
            String[] fields = new String[markCount / 2];
            for (int field = 0; field < fields.length; field++)
                fields[field] = text.substring(edges[2 * field], Math.max(edges[2 * field], edges[2 * field + 1]));
            return fields;
        };
    }

    private static LogParser fixedColumns(JsonNode spans) {
        return (text, rowtime) -> {
            String[] fields = new String[spans.size()];
            for (int at = 0; at < fields.length; at++) {
                int start = spans.get(at).path("start").asInt();
                int length = spans.get(at).path("length").asInt(text.length());
                if (start < text.length())
                    fields[at] = text.substring(start, (int) Math.min(text.length(), (long) start + length));
            }
            return fields;
        };
    }
}
