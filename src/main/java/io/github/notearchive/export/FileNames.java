package io.github.notearchive.export;

import io.github.notearchive.note.Night;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names of directories and files that people read. Letters of ASCII, digits and dashes alone, whatever a stranger
 * wrote: such a name is one on every file system, in every archive and under every locale, where Java cannot even make
 * a file of another one if the locale is C, as under cron.
 */
final class FileNames {

    private static final Pattern EXTENSION = Pattern.compile("[a-z0-9]{1,8}");
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z0-9-]{1,20}");

    private FileNames() {}

    /** The directory of a note: the day in Shanghai on which it was published, and its id. */
    static String directory(String noteId, @Nullable Instant published) {
        return (published == null
                        ? "undated"
                        : LocalDate.ofInstant(published, Night.ZONE).toString())
                + "-"
                + noteId;
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
        String name = switch (kind) {
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
