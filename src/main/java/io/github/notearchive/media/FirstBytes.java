package io.github.notearchive.media;

import io.github.notearchive.note.MediaKind;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * What the beginning of a body says about the whole: its type, or why it is not media. Whether the rest is all there is
 * the matter of {@link Structure}.
 */
sealed interface FirstBytes {

    /** Media that may fill the slot. */
    record Fitting(MediaType type) implements FirstBytes {}

    /** Anything else; the words say what it looks like. */
    record Wrong(String looksLike) implements FirstBytes {}

    static FirstBytes of(byte[] head, MediaKind kind) {
        if (head.length == 0) {
            return new Wrong("an empty body");
        }
        return MediaType.of(head)
                .map(type ->
                        type.suits(kind) ? new Fitting(type) : new Wrong(type.contentType() + " in place of " + kind))
                .orElseGet(() -> new Wrong(describe(head)));
    }

    private static String describe(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        String start = (text.startsWith(MediaType.BYTE_ORDER_MARK) ? text.substring(3) : text).strip();
        if (start.startsWith("<")) {
            return "HTML or XML in place of media";
        }
        if (start.startsWith("{") || start.startsWith("[")) {
            return "JSON in place of media";
        }
        return "no known media, first bytes " + HexFormat.of().formatHex(head, 0, Math.min(8, head.length));
    }
}
