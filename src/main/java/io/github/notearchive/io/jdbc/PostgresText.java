package io.github.notearchive.io.jdbc;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Converter of untrusted text for PostgreSQL, whose {@code text} and {@code jsonb} reject NUL and unpaired surrogates
 * (documented under "JSON Types" and "Character Types"). Each is replaced by U+FFFD.
 */
public final class PostgresText {

    private static final String REPLACEMENT = "\uFFFD";
    private static final Pattern UNSTORABLE = Pattern.compile("\\x00|\\p{Cs}");

    private static final String ESCAPED_NUL = "\\u0000";

    /** An escape of NUL, unless its backslash is escaped itself. */
    private static final Pattern NUL_IN_JSON = Pattern.compile("(?<!\\\\)((?:\\\\{2})*)\\\\u0000");

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PostgresText() {}

    public static @Nullable String of(@Nullable String text) {
        return text == null ? null : ofText(text);
    }

    public static String ofText(String text) {
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
                return UNSTORABLE.matcher(text).replaceAll(REPLACEMENT);
            }
            i += Character.charCount(c);
        }
        return text;
    }

    /** Returns a JSON document for {@code jsonb}. Its numbers must not exceed those of {@code numeric}. */
    public static String json(JsonNode document) {
        String json = ofText(JSON.writeValueAsString(document));
        return json.contains(ESCAPED_NUL) ? NUL_IN_JSON.matcher(json).replaceAll("$1" + REPLACEMENT) : json;
    }
}
