package io.github.notearchive.provider;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.http.DeadlineHttpClient.DeadlineExceededException;
import io.github.notearchive.io.text.Secret;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Filter that replaces our token where the provider repeats it: plain, percent-encoded, escaped as in JSON, each also
 * repeatedly, and in UTF-16.
 *
 * <p>It is replaced by asterisks of the same length, so that all other bytes keep their positions. A token of fewer
 * than eight characters is one for practice, which any text may contain, and is not replaced.
 */
final class TokenRedactor {

    private static final int SHORTEST = 8;

    private final byte[] token;

    /** Matches the token in a text of which each character is one byte. Never backtracks except at a percent sign. */
    private final Pattern pattern;

    TokenRedactor(Secret secret) {
        token = secret.value().length() < SHORTEST
                ? new byte[0]
                : secret.value().getBytes(UTF_8);
        // NULs between two characters are those of UTF-16 and UTF-32
        pattern = Pattern.compile(
                new String(token, ISO_8859_1)
                        .chars()
                        .mapToObj(character -> "\\\\*+" + encodings((char) character))
                        .collect(Collectors.joining("\0{0,3}+")),
                Pattern.DOTALL);
    }

    /** Returns the expression for a character in any encoding; a percent sign is {@code 25} once more encoded. */
    private static String encodings(char character) {
        String hex = "(?i:%02x)".formatted((int) character);
        String plain = switch (character) {
            case '%' -> "%(?:25){0,4}";
            case ' ' -> "[ +]";
            default -> Pattern.quote(String.valueOf(character));
        };
        return "(?:" + plain + "|%(?:25)*+" + hex + "|u00" + hex + ")";
    }

    /** Returns a copy of bytes that contain the token without it; otherwise empty. */
    Optional<byte[]> redact(byte[] bytes) {
        if (token.length == 0) {
            return Optional.empty();
        }
        byte @Nullable [] redacted = null;
        Matcher matcher = pattern.matcher(new String(bytes, ISO_8859_1));
        for (int i = 0; i < bytes.length; i++) {
            if (mayBegin(bytes, i) && matcher.region(i, bytes.length).lookingAt()) {
                redacted = redacted == null ? bytes.clone() : redacted;
                for (int end = matcher.end(); i < end; i++) {
                    redacted[i] = bytes[i] == 0 ? 0 : (byte) '*'; // the NULs of UTF-16 remain
                }
                i--;
            }
        }
        return Optional.ofNullable(redacted);
    }

    /** Whether a token, or the first backslash before it, may be here; spares most of the matching. */
    private boolean mayBegin(byte[] bytes, int place) {
        byte b = bytes[place];
        boolean isBehindBackslash = place > 0 && bytes[place - 1] == '\\';
        return b == token[0] || b == '%' || (b == '\\' && !isBehindBackslash);
    }

    String redact(String text) {
        return redact(text.getBytes(UTF_8))
                .map(redacted -> new String(redacted, UTF_8))
                .orElse(text);
    }

    /** Describes a failure in one short line without the token. */
    String describe(IOException e) {
        String message = e.getMessage() == null ? "" : redact(e.getMessage());
        String type = e.getClass().getSimpleName();
        return ResponseReader.shorten(
                message.isEmpty() ? type : e instanceof DeadlineExceededException ? message : type + ": " + message);
    }
}
