package io.github.notearchive.provider;

import io.github.notearchive.io.DeadlineHttpClient.DeadlineExceededException;
import io.github.notearchive.io.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Filter that replaces our token where the provider repeats it: plain, percent-encoded, escaped as in JSON, each also
 * repeatedly, and in UTF-16.
 *
 * <p>It is replaced by asterisks of the same length, so that all other bytes keep their positions. A token of fewer
 * than eight characters is one for practice, which any text may contain, and is not replaced.
 *
 * <p>Not a regular expression, since every response is searched: it takes about a nanosecond a byte, and at most the
 * product of both lengths.
 */
final class TokenRedactor {

    private static final int SHORTEST = 8;
    private static final int NOT_HERE = -1;
    private static final int MOST_ENCODINGS = 4;

    private final byte[] token;

    TokenRedactor(Secret token) {
        byte[] bytes = token.value().getBytes(StandardCharsets.UTF_8);
        this.token = token.value().length() < SHORTEST ? new byte[0] : bytes;
    }

    /** Returns the bytes without the token; empty if they do not contain it. */
    Optional<byte[]> redact(byte[] bytes) {
        if (token.length == 0) {
            return Optional.empty();
        }
        byte @Nullable [] redacted = null;
        int place = 0;
        while (place < bytes.length) {
            int end = mayBegin(bytes, place) ? end(bytes, place, 0) : NOT_HERE;
            if (end == NOT_HERE) {
                place++;
                continue;
            }
            if (redacted == null) {
                redacted = bytes.clone();
            }
            for (; place < end; place++) {
                // the NULs between the characters of UTF-16 remain
                redacted[place] = bytes[place] == 0 ? 0 : (byte) '*';
            }
        }
        return Optional.ofNullable(redacted);
    }

    String redact(String text) {
        return redact(text.getBytes(StandardCharsets.UTF_8))
                .map(redacted -> new String(redacted, StandardCharsets.UTF_8))
                .orElse(text);
    }

    /** Describes a failure in one short line without the token. */
    String describe(IOException e) {
        String message = e.getMessage() == null ? "" : redact(e.getMessage());
        String type = e.getClass().getSimpleName();
        return ResponseReader.shorten(
                message.isEmpty() ? type : e instanceof DeadlineExceededException ? message : type + ": " + message);
    }

    /** Whether a token may start here; of consecutive backslashes only at the first. */
    private boolean mayBegin(byte[] bytes, int place) {
        byte b = bytes[place];
        return (b == token[0] || b == '%' || b == '\\' || b == '+') && (place == 0 || bytes[place - 1] != '\\');
    }

    /** Returns the end of a token whose characters from the i-th on start here. */
    private int end(byte[] bytes, int from, int i) {
        if (i == token.length) {
            return from;
        }
        int letter = i == 0 ? from : behind(bytes, from, (byte) 0, 3);
        int place = behind(bytes, letter, (byte) '\\', bytes.length);
        if (token[i] == '%') {
            return endBehindPercent(bytes, place, i);
        }
        int next = behindCharacter(bytes, place, token[i]);
        return next == NOT_HERE ? NOT_HERE : end(bytes, next, i + 1);
    }

    /** Handles a percent sign of the token, which may be encoded several times, as only the next bytes show. */
    private int endBehindPercent(byte[] bytes, int place, int i) {
        if (place >= bytes.length || bytes[place] != '%') {
            int next = behindCharacter(bytes, place, (byte) '%');
            return next == NOT_HERE ? NOT_HERE : end(bytes, next, i + 1);
        }
        int next = place + 1;
        for (int encoded = 0; encoded <= MOST_ENCODINGS; encoded++) {
            int end = end(bytes, next, i + 1);
            if (end != NOT_HERE) {
                return end;
            }
            if (!isHex(bytes, next, (byte) '%')) {
                return NOT_HERE;
            }
            next += 2;
        }
        return NOT_HERE;
    }

    private static int behind(byte[] bytes, int from, byte filler, int most) {
        int place = from;
        while (place < bytes.length && bytes[place] == filler && place - from < most) {
            place++;
        }
        return place;
    }

    private static int behindCharacter(byte[] bytes, int place, byte wanted) {
        if (place >= bytes.length) {
            return NOT_HERE;
        }
        byte b = bytes[place];
        if (b == '%') {
            return behindPercent(bytes, place + 1, wanted);
        }
        if (b == wanted || (wanted == ' ' && b == '+')) {
            return place + 1;
        }
        boolean isUnicode = b == 'u' && isHex(bytes, place + 1, (byte) 0) && isHex(bytes, place + 3, wanted);
        return isUnicode ? place + 5 : NOT_HERE;
    }

    /** A percent sign is encoded as {@code 25} with each encoding of the text. */
    private static int behindPercent(byte[] bytes, int from, byte wanted) {
        int place = from;
        while (isHex(bytes, place, (byte) '%')) {
            place += 2;
        }
        return isHex(bytes, place, wanted) ? place + 2 : NOT_HERE;
    }

    private static boolean isHex(byte[] bytes, int place, byte value) {
        return place + 1 < bytes.length
                && Character.digit(bytes[place], 16) == (value >> 4 & 0xf)
                && Character.digit(bytes[place + 1], 16) == (value & 0xf);
    }
}
