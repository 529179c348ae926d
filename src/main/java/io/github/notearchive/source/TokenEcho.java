package io.github.notearchive.source;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Our token where the provider repeats it: as it is, percent-encoded, escaped as JSON does it, each
 * also within another text of its kind, and in UTF-16.
 *
 * <p>It is replaced by stars of the same length, so that an answer stays an answer and every other
 * byte of it stays where it was. A token of fewer than eight characters is practice, and would be
 * found in any text; it is left alone.
 */
final class TokenEcho {

    private static final int SHORTEST = 8;

    private final @Nullable Pattern token;

    TokenEcho(ApiToken token) {
        this.token =
                token.value().length() < SHORTEST
                        ? null
                        : Pattern.compile(anyFormOf(token.value()));
    }

    /** The bytes without it; empty when they do not repeat it. */
    Optional<byte[]> erasedFrom(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        String erased = erase(text);
        return erased.equals(text)
                ? Optional.empty()
                : Optional.of(erased.getBytes(StandardCharsets.ISO_8859_1));
    }

    String erasedFrom(String text) {
        String bytes =
                new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        String erased = erase(bytes);
        return erased.equals(bytes)
                ? text
                : new String(erased.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private String erase(String text) {
        if (token == null) {
            return text;
        }
        Matcher echo = token.matcher(text);
        // the NULs between the letters of UTF-16 stay
        return echo.replaceAll(found -> found.group().replaceAll("[^\\x00]", "*"));
    }

    /**
     * The backslashes in front go too: a star is nothing that JSON could escape. Quantifiers give
     * nothing back, so that no text takes longer than its length.
     */
    private static String anyFormOf(String token) {
        StringBuilder forms = new StringBuilder("(?<!\\\\)");
        String between = "";
        for (byte b : token.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            String hex = HexFormat.of().toHexDigits(b);
            forms.append(between)
                    .append("\\\\*+(?:")
                    .append(c == ' ' ? "[ +]" : Pattern.quote(String.valueOf(c)))
                    .append("|%(?:25)*(?i:")
                    .append(hex)
                    .append(")|u00(?i:")
                    .append(hex)
                    .append("))");
            between = "\\x00{0,3}+";
        }
        return forms.toString();
    }
}
