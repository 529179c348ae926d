package io.github.notearchive.archive.query;

import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.archive.query.FilterTerm.Rendering;
import io.github.notearchive.archive.query.InvalidFilterException.Problem;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Year;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Key of a {@link NoteFilter}: the values that it takes, and their SQL. */
enum FilterKey {
    AUTHOR(FilterKey.NAME, """
            n.author_id = ANY (ARRAY(
                SELECT a.author_id FROM author a WHERE a.author_id = ANY (:values)
                UNION ALL SELECT a.author_id FROM author a WHERE left(a.red_id, 100) = ANY (:values)
                UNION ALL
                SELECT a.author_id FROM author a WHERE left(lower(a.nickname COLLATE "C"), 100) = ANY (:values)
                UNION
                SELECT c.author_id FROM note_capture c
                WHERE c.author_nickname IS NOT NULL
                  AND left(lower(c.author_nickname COLLATE "C"), 100) = ANY (:values)))
            """),
    TOPIC(FilterKey.NAME, """
            EXISTS (SELECT FROM note_topic t WHERE t.note_id = n.note_id AND lower(t.name COLLATE "C") = ANY (:values))
            """),
    TYPE("normal, video", "n.note_type IN (:values)"),
    STATE(names(NoteState.values(), ", "), "w.state IN (:values)"),
    REASON(names(StateReason.values(), ", "), "w.reason IN (:values)"),
    MEDIA_REASON(names(Gap.values(), ", "), """
            EXISTS (SELECT FROM note_media m
                    WHERE m.note_id = n.note_id AND m.state = 'MISSING' AND m.reason IN (:values))
            """),
    HAS("video, sound, live, subtitle, gap, waived, no-preview", """
            EXISTS (SELECT FROM note_media m WHERE m.note_id = n.note_id AND m.state = 'STORED' AND m.kind IN (:values))
            """),
    PUBLISHED(FilterKey.PERIOD, "n.published_at", "%s"),
    CAPTURED(FilterKey.PERIOD, "c.captured_at", """
            EXISTS (SELECT FROM note_capture c WHERE c.note_id = n.note_id AND (%s))
            """),
    GONE(FilterKey.YES_OR_PERIOD, "w.gone_since", """
            n.note_id IS NOT NULL AND w.state = 'UNAVAILABLE' AND (%s)
            """),
    EDITED(FilterKey.YES_OR_PERIOD, "e.captured_at", """
            n.last_captured_at > n.first_captured_at
            AND EXISTS (SELECT FROM note_edit e WHERE e.note_id = n.note_id AND (%s))
            """),
    LIKES(FilterKey.NUMBER, "n.liked_count", "%s"),
    COLLECTED(FilterKey.NUMBER, "n.collected_count", "%s"),
    COMMENTS(FilterKey.NUMBER, "n.comments_count", "%s"),
    PLACE(FilterKey.NAME, "lower(n.place COLLATE \"C\") = ANY (:values)"),
    ID(FilterKey.NOTE, "note_id IN (:values)");

    private static final String NOTE = "the id of a note: 24 hexadecimal digits";
    private static final String NAME = "a name or an id";
    private static final String PERIOD = "2026, 2026-03, 2026-03-01 or 2026-01..2026-03, also without a begin or end";
    private static final String YES_OR_PERIOD = "yes or " + PERIOD;
    private static final String NUMBER =
            "1000, >1000, >=1000, <1000, <=1000 or 1000..2000, also without a begin or end";

    private static final Pattern NUMBERS = Pattern.compile("([<>]=?)?(\\d{1,15})|(\\d{1,15})?\\.\\.(\\d{1,15})?");
    private static final String HAS_SLOT = "EXISTS (SELECT FROM note_media m WHERE m.note_id = n.note_id AND (%s))";

    /** Condition of a slot whose file is expected, also one that a refresh could not have yet. */
    static final String GAP = "m.state = 'MISSING' OR m.state = 'WAIVED' AND m.reason = 'NOT_REFRESHED'";

    /** Condition of a HEIC image without preview. */
    static final String NO_PREVIEW = """
            m.kind = 'IMAGE' AND m.state = 'STORED'
            AND EXISTS (SELECT FROM media_object o WHERE o.sha256 = m.sha256 AND o.content_type = 'image/heic')
            AND NOT EXISTS (SELECT FROM note_media p
                            WHERE p.note_id = m.note_id AND p.kind = 'PREVIEW' AND p.ordinal = m.ordinal)""";

    private final String allowed;
    private final @Nullable String column;
    private final String sql;

    FilterKey(String allowed, String sql) {
        this(allowed, null, sql);
    }

    FilterKey(String allowed, @Nullable String column, String sql) {
        this.allowed = allowed;
        this.column = column;
        this.sql = sql.strip();
    }

    /** @throws IllegalArgumentException if there is no such key */
    static FilterKey of(String name) {
        return Arrays.stream(values())
                .filter(key -> key.text().equalsIgnoreCase(name))
                .findAny()
                .orElseThrow(() -> new InvalidFilterException(Problem.UNKNOWN_KEY, name, names(", ")));
    }

    static String names(String separator) {
        return Arrays.stream(values()).map(FilterKey::text).collect(Collectors.joining(separator));
    }

    private static String names(Enum<?>[] constants, String separator) {
        return Arrays.stream(constants)
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(separator));
    }

    boolean isIndexed() {
        return switch (this) {
            case ID, AUTHOR, TOPIC, STATE, REASON, MEDIA_REASON, HAS, PUBLISHED, GONE -> true;
            case TYPE, CAPTURED, EDITED, LIKES, COLLECTED, COMMENTS, PLACE -> false;
        };
    }

    String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns a value in canonical form.
     *
     * @throws IllegalArgumentException if the key does not take it
     */
    String canonical(String value) {
        String lower = FilterTerm.lower(value);
        boolean isValid = switch (allowed) {
            case NOTE -> NoteId.parse(value).isPresent();
            case NAME -> !value.isBlank();
            case PERIOD -> period(lower) != null;
            case YES_OR_PERIOD -> lower.equals("yes") || period(lower) != null;
            case NUMBER -> NUMBERS.matcher(lower).matches() && !lower.equals("..");
            default -> List.of(allowed.split(", ")).contains(lower);
        };
        if (!isValid) {
            throw new InvalidFilterException(Problem.INVALID_VALUE, text(), value, allowed);
        }
        return allowed.equals(NAME) ? value : lower;
    }

    /** Returns the condition that one of the values in canonical form matches. */
    String sql(List<String> values, Rendering rendering) {
        if (column != null) {
            return sql.formatted(values.stream()
                    .map(value -> "(" + range(column, value, rendering) + ")")
                    .collect(Collectors.joining(" OR ")));
        }
        List<String> conditions = new ArrayList<>();
        List<String> constants = new ArrayList<>();
        for (String value : values) {
            switch (this) {
                case AUTHOR -> constants.addAll(List.of(value, FilterTerm.beginning(FilterTerm.lower(value))));
                case STATE, REASON, MEDIA_REASON -> constants.add(value.toUpperCase(Locale.ROOT));
                case HAS -> {
                    switch (value) {
                        case "gap" -> conditions.add(HAS_SLOT.formatted(GAP));
                        case "no-preview" -> conditions.add(HAS_SLOT.formatted(NO_PREVIEW));
                        case "waived" -> conditions.add(HAS_SLOT.formatted("m.state = 'WAIVED'"));
                        case "sound" -> constants.add("AUDIO");
                        case "live" -> constants.add("MOTION");
                        default -> constants.add(value.toUpperCase(Locale.ROOT));
                    }
                }
                default -> constants.add(FilterTerm.lower(value));
            }
        }
        if (!constants.isEmpty()) {
            // literals, for which partial indexes are used
            String rendered = allowed.equals(NAME)
                    ? rendering.parameter(constants)
                    : constants.stream().map(value -> "'" + value + "'").collect(Collectors.joining(", "));
            conditions.add(sql.replace(":values", rendered));
        }
        return String.join(" OR ", conditions);
    }

    private String range(String column, String value, Rendering rendering) {
        if (value.equals("yes")) {
            return column + " IS NOT NULL";
        }
        if (!allowed.equals(NUMBER)) {
            Period period = period(value);
            return period == null ? "false" : between(column, period.from(), " < ", period.to(), rendering);
        }
        Matcher number = NUMBERS.matcher(value);
        if (!number.matches()) {
            return "false";
        }
        if (number.group(2) == null) {
            return between(column, count(number.group(3)), " <= ", count(number.group(4)), rendering);
        }
        String comparison = number.group(1) == null ? "=" : number.group(1);
        return column + " " + comparison + " " + rendering.parameter(Long.valueOf(number.group(2)));
    }

    private static @Nullable Long count(@Nullable String digits) {
        return digits == null ? null : Long.valueOf(digits);
    }

    private static String between(
            String column, @Nullable Object from, String before, @Nullable Object to, Rendering rendering) {
        List<String> conditions = new ArrayList<>();
        if (from != null) {
            conditions.add(column + " >= " + rendering.parameter(from));
        }
        if (to != null) {
            conditions.add(column + before + rendering.parameter(to));
        }
        return String.join(" AND ", conditions);
    }

    /** Time from the begin of a day of Asia/Shanghai to that of another one; null without begin or end. */
    private record Period(@Nullable Instant from, @Nullable Instant to) {}

    private static @Nullable Period period(String text) {
        String[] ends = text.split("\\.\\.", -1);
        try {
            if (ends.length > 2 || text.isEmpty() || text.equals("..")) {
                return null;
            }
            Instant from = ends[0].isEmpty() ? null : begin(ends[0], 0);
            Instant to = ends[ends.length - 1].isEmpty() ? null : begin(ends[ends.length - 1], 1);
            return from != null && to != null && !from.isBefore(to) ? null : new Period(from, to);
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** Returns the begin of a year, month or day, or of a later one. */
    private static Instant begin(String text, int later) {
        LocalDate day = switch (text.length()) {
            case 4 -> Year.parse(text).plusYears(later).atDay(1);
            case 7 -> YearMonth.parse(text).plusMonths(later).atDay(1);
            case 10 -> LocalDate.parse(text).plusDays(later);
            default -> throw new DateTimeException(text);
        };
        return day.atStartOfDay(Night.ZONE).toInstant();
    }
}
