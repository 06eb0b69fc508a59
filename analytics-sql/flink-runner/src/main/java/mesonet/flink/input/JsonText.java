package mesonet.flink.input;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectReader;

/** JSON in and out as the embedded engine reads and writes it: numbers are doubles, text has no blanks between tokens. */
public final class JsonText {
    private static final ObjectReader READER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).readerFor(JsonNode.class);
    private static final char FIRST_PRINTABLE = ' ';
    private static final long MAX_INDEX = 4_294_967_294L;

    private JsonText() {}

    /** The value, or null for text that is no JSON. */
    public static JsonNode parse(String text) {
        try {
            JsonNode node = READER.readValue(text);
            return node.isMissingNode() ? null : node;
        } catch (JsonProcessingException notJson) {
            return null;
        }
    }

    public static String print(JsonNode value) {
        StringBuilder text = new StringBuilder();
        print(value, text);
        return text.toString();
    }

    private static void print(JsonNode value, StringBuilder text) {
        if (value.isObject()) printObject(value, text);
        else if (value.isArray()) printArray(value, text);
        else if (value.isTextual()) printString(value.textValue(), text);
        else if (value.isNumber()) text.append(printNumber(value.doubleValue()));
        else text.append(value.asText());
    }

    /** A number that JSON has no word for is null. */
    public static String printNumber(double value) {
        return Double.isNaN(value) || Double.isInfinite(value) ? "null" : NumberText.print(value);
    }

    private static void printArray(JsonNode array, StringBuilder text) {
        text.append('[');
        for (int at = 0; at < array.size(); at++) {
            if (at > 0) text.append(',');
            print(array.get(at), text);
        }
        text.append(']');
    }

    private static void printObject(JsonNode object, StringBuilder text) {
        text.append('{');
        String comma = "";
        for (String name : membersInOrder(object)) {
            text.append(comma);
            printString(name, text);
            text.append(':');
            print(object.get(name), text);
            comma = ",";
        }
        text.append('}');
    }

    /** Members whose names are whole numbers come first, in their order, as in the engine's objects. */
    private static List<String> membersInOrder(JsonNode object) {
        List<String> indexes = new ArrayList<>();
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(name -> (isIndex(name) ? indexes : names).add(name));
        indexes.sort(Comparator.comparingLong(Long::parseLong));
        indexes.addAll(names);
        return indexes;
    }

    private static boolean isIndex(String name) {
        if (name.isEmpty() || name.length() > 10 || (name.length() > 1 && name.charAt(0) == '0')) return false;
        return name.chars().allMatch(digit -> digit >= '0' && digit <= '9') && Long.parseLong(name) <= MAX_INDEX;
    }

    public static void printString(String value, StringBuilder text) {
        text.append('"');
        for (int at = 0; at < value.length(); at++) {
            char letter = value.charAt(at);
            if (letter == '"' || letter == '\\') text.append('\\').append(letter);
            else if (letter < FIRST_PRINTABLE || isLoneSurrogate(value, at)) text.append(escape(letter));
            else text.append(letter);
        }
        text.append('"');
    }

    private static String escape(char letter) {
        return switch (letter) {
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", (int) letter);
        };
    }

    private static boolean isLoneSurrogate(String value, int at) {
        char letter = value.charAt(at);
        if (!Character.isSurrogate(letter)) return false;
        if (Character.isHighSurrogate(letter))
            return at + 1 == value.length() || !Character.isLowSurrogate(value.charAt(at + 1));
        return at == 0 || !Character.isHighSurrogate(value.charAt(at - 1));
    }
}
