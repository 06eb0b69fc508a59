package mesonet.flink.function;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.table.functions.ScalarFunction;

/** String functions where Flink's differ (SQL reference, "String and Search Functions"). Positions count from 1. */
public final class TextFunctions {
    private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();
    private static final java.util.regex.Pattern WORD = java.util.regex.Pattern.compile("[\\p{L}\\p{N}]+");

    private TextFunctions() {}

    /** Patterns are literals of the statements: there are few. Users' patterns run in linear time. */
    private static Pattern pattern(String text) {
        return PATTERNS.computeIfAbsent(text, key -> Pattern.compile(key, Pattern.DOTALL));
    }

    /** Standard SQL: a start before the text shortens the result; a negative length gives NULL. */
    public static final class Substring extends ScalarFunction {
        public String eval(String text, Long from) {
            return text == null || from == null ? null : text.substring(start(from, text.length()));
        }

        public String eval(String text, Long from, Long length) {
            if (text == null || from == null || length == null || length < 0) return null;
            int start = start(from, text.length());
            return text.substring(start, Math.max(start, start(from + length, text.length())));
        }

        public byte[] eval(byte[] bytes, Long from) {
            if (bytes == null || from == null) return null;
            return Arrays.copyOfRange(bytes, start(from, bytes.length), bytes.length);
        }

        public byte[] eval(byte[] bytes, Long from, Long length) {
            if (bytes == null || from == null || length == null || length < 0) return null;
            int start = start(from, bytes.length);
            return Arrays.copyOfRange(bytes, start, Math.max(start, start(from + length, bytes.length)));
        }

        private static int start(long position, int length) {
            return (int) Math.max(0, Math.min(length, position - 1));
        }
    }

    /** Replaces a part of a text, as long as the replacement where no length is given. */
    public static final class Overlay extends ScalarFunction {
        public String eval(String text, String replacement, Long from) {
            return eval(text, replacement, from, replacement == null ? null : (Long) (long) replacement.length());
        }

        public String eval(String text, String replacement, Long from, Long length) {
            if (text == null || replacement == null || from == null || length == null) return null;
            long start = Math.max(0, from - 1);
            return slice(text, 0, start) + replacement + slice(text, start + length, text.length());
        }

        /** Negative positions count from the end. */
        private static String slice(String text, long from, long to) {
            int size = text.length();
            int start = (int) Math.max(0, Math.min(size, from < 0 ? size + from : from));
            return text.substring(start, (int) Math.max(start, Math.min(size, to)));
        }
    }

    /** Replaces one match, counted from a start, or with occurrence 0 all of them. */
    public static final class RegexReplace extends ScalarFunction {
        public String eval(String text, String regex, String replacement, Long start, Long occurrence) {
            if (text == null || regex == null || replacement == null || start == null || occurrence == null) return null;
            int from = (int) Math.max(0, Math.min(text.length(), start - 1));
            String tail = text.substring(from);
            Matcher matcher = pattern(regex).matcher(tail);
            StringBuilder result = new StringBuilder(text.substring(0, from));
            int copied = 0;
            for (long count = 1; matcher.find(); count++) {
                if (occurrence != 0 && count != occurrence) continue;
                result.append(tail, copied, matcher.start()).append(replacement);
                copied = matcher.end();
            }
            return result.append(tail.substring(copied)).toString();
        }
    }

    /** Does the whole text match a pattern in RE2 syntax? */
    public static final class Similar extends ScalarFunction {
        public Boolean eval(String text, String regex) {
            return text == null || regex == null ? null : (Boolean) pattern(regex).matcher(text).matches();
        }
    }

    /** LIKE, where {@code %} is any text and {@code _} any character; only an escaped character stands for itself. */
    public static final class Like extends ScalarFunction {
        public Boolean eval(String text, String like) {
            return text == null || like == null ? null : (Boolean) pattern(regexOf(like, "")).matcher(text).matches();
        }

        public Boolean eval(String text, String like, String escape) {
            if (text == null || like == null || escape == null) return null;
            return pattern(regexOf(like, escape)).matcher(text).matches();
        }

        private static String regexOf(String like, String escape) {
            StringBuilder regex = new StringBuilder();
            for (int at = 0; at < like.length(); at++) {
                String character = like.substring(at, at + 1);
                if (character.equals(escape) && at + 1 < like.length())
                    regex.append(Pattern.quote(like.substring(++at, at + 1)));
                else if (character.equals("%")) regex.append(".*");
                else regex.append(character.equals("_") ? "." : Pattern.quote(character));
            }
            return regex.toString();
        }
    }

    /** The first letter of every word in upper case, the others in lower case. */
    public static final class InitCap extends ScalarFunction {
        public String eval(String text) {
            if (text == null) return null;
            return WORD.matcher(text.toLowerCase(Locale.ROOT))
                    .replaceAll(
                            word -> {
                                String found = word.group();
                                return java.util.regex.Matcher.quoteReplacement(
                                        found.substring(0, 1).toUpperCase(Locale.ROOT) + found.substring(1));
                            });
        }
    }
}
