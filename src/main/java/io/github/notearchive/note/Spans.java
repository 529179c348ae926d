package io.github.notearchive.note;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Durations in the notation of settings: {@code 6h}, {@code 90m}, {@code 90s}. */
public final class Spans {

    private static final Map<String, Duration> UNITS = new LinkedHashMap<>();

    static {
        UNITS.put("d", Duration.ofDays(1));
        UNITS.put("h", Duration.ofHours(1));
        UNITS.put("m", Duration.ofMinutes(1));
        UNITS.put("s", Duration.ofSeconds(1));
        UNITS.put("ms", Duration.ofMillis(1));
    }

    private Spans() {}

    /** Formats a duration as an integer with the largest possible unit. */
    public static String inWords(Duration span) {
        if (span.isZero()) {
            return "0s";
        }
        for (Map.Entry<String, Duration> unit : UNITS.entrySet()) {
            long number = span.dividedBy(unit.getValue());
            if (unit.getValue().multipliedBy(number).equals(span)) {
                return number + unit.getKey();
            }
        }
        return span.toNanos() + "ns";
    }
}
