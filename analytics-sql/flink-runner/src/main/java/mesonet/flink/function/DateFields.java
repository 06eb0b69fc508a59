package mesonet.flink.function;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The fields that a date pattern reads, one after the other. */
final class DateFields {
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
    private static final Pattern HALF = Pattern.compile("am|pm", Pattern.CASE_INSENSITIVE);
    private static final Pattern WORD = Pattern.compile("[A-Za-z]+");
    private static final Pattern ZONE = Pattern.compile("Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}");
    private static final List<String> MONTHS =
            List.of(
                    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER",
                    "NOVEMBER", "DECEMBER");
    private static final int MAX_FIELD_DIGITS = 9;

    int year = 1970;
    int month = 1;
    int day = 1;
    int minute = 0;
    int second = 0;
    int millis = 0;
    int offsetMinutes = 0;
    private int hour = 0;
    private Boolean isAfternoon = null;

    int hourOfDay() {
        return isAfternoon == null ? hour : hour % 12 + (isAfternoon ? 12 : 0);
    }

    /** Where the field ends, -1 when the text has none there. */
    int read(char letter, int maxDigits, String text, int at) {
        return switch (letter) {
            case 'a' -> {
                String half = find(HALF, text, at);
                if (half != null) isAfternoon = half.equalsIgnoreCase("PM");
                yield end(half, at);
            }
            case 'E' -> end(find(WORD, text, at), at);
            case 'z', 'Z', 'X' -> {
                String zone = find(ZONE, text, at);
                if (zone != null) offsetMinutes = zoneMinutes(zone);
                yield end(zone, at);
            }
            default -> letter == 'M' && find(WORD, text, at) != null
                    ? readMonthName(text, at)
                    : readNumber(letter, maxDigits, text, at);
        };
    }

    private int readMonthName(String text, int at) {
        String word = find(WORD, text, at);
        month = 0;
        for (int index = 0; word.length() >= 3 && index < MONTHS.size() && month == 0; index++)
            if (MONTHS.get(index).startsWith(word.toUpperCase(Locale.ROOT))) month = index + 1;
        return at + word.length();
    }

    private int readNumber(char letter, int maxDigits, String text, int at) {
        String digits = find(DIGITS, text, at);
        if (digits == null) return -1;
        digits = digits.substring(0, Math.min(maxDigits, digits.length()));
        if (digits.length() > MAX_FIELD_DIGITS) return -1;
        int value = Integer.parseInt(digits);
        switch (letter) {
            case 'y' -> year = digits.length() == 2 ? value + (value < 70 ? 2000 : 1900) : value;
            case 'M' -> month = value;
            case 'd' -> day = value;
            case 'H', 'h', 'K' -> hour = value;
            case 'k' -> hour = value == 24 ? 0 : value;
            case 'm' -> minute = value;
            case 's' -> second = value;
            case 'S' -> millis = value;
            default -> {
                return -1;
            }
        }
        return at + digits.length();
    }

    private static String find(Pattern pattern, String text, int at) {
        if (at > text.length()) return null;
        Matcher matcher = pattern.matcher(text).region(at, text.length());
        return matcher.lookingAt() ? matcher.group() : null;
    }

    private static int end(String found, int at) {
        return found == null ? -1 : at + found.length();
    }

    private static int zoneMinutes(String zone) {
        char sign = zone.charAt(0);
        if (sign != '+' && sign != '-') return 0;
        String digits = zone.substring(1).replace(":", "");
        int minutes = Integer.parseInt(digits.substring(0, 2)) * 60 + Integer.parseInt(digits.substring(2));
        return sign == '-' ? -minutes : minutes;
    }
}
