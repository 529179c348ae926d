package io.github.notearchive.export;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names of directories and files that people read. Whatever a stranger wrote, a name is one that
 * every file system takes, leads nowhere else, and hides nothing: letters and digits of any script,
 * dashes between, bounded in length, and begun by ourselves.
 */
final class FileNames {

    /** With the id before it well below the 255 bytes that file systems take. */
    private static final int LONGEST_TITLE = 40;

    private static final int MOST_TITLE_BYTES = 150;

    private static final Pattern EXTENSION = Pattern.compile("[a-z0-9]{1,8}");
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9-]{1,20}");

    private FileNames() {}

    /** The directory of a note: its id, and behind it as much of the title as a name can carry. */
    static String directory(String noteId, @Nullable String title) {
        String words = title == null ? "" : words(title);
        return words.isEmpty() ? noteId : noteId + "-" + words;
    }

    private static String words(String title) {
        StringBuilder words = new StringBuilder();
        int length = 0;
        int bytes = 0;
        boolean gap = false;
        for (int c : Normalizer.normalize(title, Normalizer.Form.NFC).codePoints().toArray()) {
            if (!Character.isLetterOrDigit(c)) {
                gap = !words.isEmpty();
                continue;
            }
            String letter = (gap ? "-" : "") + Character.toString(c);
            length += letter.codePointCount(0, letter.length());
            bytes += letter.getBytes(StandardCharsets.UTF_8).length;
            if (length > LONGEST_TITLE || bytes > MOST_TITLE_BYTES) {
                break;
            }
            words.append(letter);
            gap = false;
        }
        return words.toString();
    }

    /**
     * The name of a file of a note, unique within it.
     *
     * @param ordinal from 0; names count from 1
     * @param identity of a subtitle: its language
     * @param key the file's key in the store, which ends in its extension
     */
    static String media(String kind, long ordinal, @Nullable String identity, String key) {
        String number = String.format(Locale.ROOT, "%02d", ordinal + 1);
        String name =
                switch (kind) {
                    case "IMAGE" -> number;
                    case "MOTION" -> number + "-motion";
                    case "SUBTITLE" ->
                            identity != null && LANGUAGE.matcher(identity).matches()
                                    ? "subtitle-" + number + "-" + identity
                                    : "subtitle-" + number;
                    default -> kind.toLowerCase(Locale.ROOT) + (ordinal == 0 ? "" : "-" + number);
                };
        String extension = key.substring(key.lastIndexOf('.') + 1);
        return name + "." + (EXTENSION.matcher(extension).matches() ? extension : "bin");
    }
}
