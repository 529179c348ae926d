package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.NoteId;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Meaning of an input line: an id, a link with an id, or a share text with such a link.
 *
 * <p>Only known link forms count: {@code /explore/ID}, {@code /discovery/item/ID}, {@code /item/ID}, {@code /note/ID}
 * and {@code /user/profile/USER/ID}. Links also contain other ids of the same form, such as user ids.
 */
public sealed interface NoteReference {

    /** A line that names a note. */
    record Note(NoteId id) implements NoteReference {}

    /** A line without a note; {@code reason} states what is wrong and what to do. */
    record Invalid(String reason) implements NoteReference {}

    /** A blank line or a comment. */
    record Empty() implements NoteReference {}

    static boolean isNote(String text) {
        return parse(text) instanceof Note;
    }

    /** Masks the share token of a link, which grants access to the note. */
    static String withoutShareToken(String text) {
        return text.replaceAll("(?i)(xsec_token(?:=|%3d))[^&\\s\"',;]*", "$1***");
    }

    static NoteReference parse(String text) {
        String line = text.strip();
        if (line.isEmpty() || line.startsWith("#")) {
            return new Empty();
        }
        String bare = line.length() > 1 && line.startsWith("\"") && line.endsWith("\"")
                ? line.substring(1, line.length() - 1)
                : line;
        return NoteId.parse(bare).<NoteReference>map(Note::new).orElseGet(() -> parseLink(line));
    }

    Pattern LINK = Pattern.compile(
            "(?:xiaohongshu\\.com|rednote\\.com|xhsdiscover:/)"
                    + "/(?:explore|discovery/item|item|note|user/profile/[0-9a-z]{1,64})/([0-9a-f]{24})(?![0-9a-z])",
            Pattern.CASE_INSENSITIVE);

    Pattern FIELD = Pattern.compile("(?<![0-9a-zA-Z/=_-])([0-9a-fA-F]{24})(?![0-9a-zA-Z/=_-])");
    Pattern SHORT_LINK = Pattern.compile("xhslink\\.com/", Pattern.CASE_INSENSITIVE);

    private static NoteReference parseLink(String line) {
        Set<String> ids = ids(LINK, line);
        if (ids.isEmpty()) {
            ids = ids(FIELD, line);
        }
        if (ids.size() == 1) {
            return new Note(new NoteId(ids.iterator().next()));
        }
        if (ids.size() > 1) {
            return new Invalid("names " + ids.size() + " notes; write one per line, or name the column with --column");
        }
        return new Invalid(
                SHORT_LINK.matcher(line).find()
                        ? "is a short link without the id; open it and use the URL it redirects to"
                        : "contains neither a note id (24 hexadecimal digits) nor a link to a note");
    }

    private static Set<String> ids(Pattern pattern, String line) {
        return pattern.matcher(line)
                .results()
                .map(match -> match.group(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }
}
