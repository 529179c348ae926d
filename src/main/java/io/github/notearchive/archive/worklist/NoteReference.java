package io.github.notearchive.archive.worklist;

import io.github.notearchive.note.NoteId;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a line of somebody's list means: an id, a link with an id in it, or a share text with such a link.
 *
 * <p>Only the known places of a link count, {@code /explore/ID}, {@code /discovery/item/ID}, {@code /item/ID},
 * {@code /note/ID} and {@code /user/profile/USER/ID}, since other ids of the same form, such as a user's, stand in
 * links too.
 */
sealed interface NoteReference {

    /** The line names this note. */
    record Known(NoteId id) implements NoteReference {}

    /** The line names no note; {@code reason} says what is wrong with it and what to do. */
    record Unusable(String reason) implements NoteReference {}

    /** A blank line or a comment. */
    record Nothing() implements NoteReference {}

    /** Reads one line or field. */
    static NoteReference parse(String text) {
        String line = text.strip();
        if (line.isEmpty() || line.startsWith("#")) {
            return new Nothing();
        }
        String bare = line.length() > 1 && line.startsWith("\"") && line.endsWith("\"")
                ? line.substring(1, line.length() - 1)
                : line;
        return NoteId.parse(bare).<NoteReference>map(Known::new).orElseGet(() -> Links.parse(line));
    }

    /** The forms of links. */
    final class Links {

        private static final Pattern LINK = Pattern.compile(
                "(?:xiaohongshu\\.com|rednote\\.com|xhsdiscover:/)"
                        + "/(?:explore|discovery/item|item|note|user/profile/[0-9a-z]{1,64})/([0-9a-f]{24})(?![0-9a-z])",
                Pattern.CASE_INSENSITIVE);
        private static final Pattern FIELD = Pattern.compile("(?<![0-9a-zA-Z/=_-])[0-9a-fA-F]{24}(?![0-9a-zA-Z/=_-])");
        private static final Pattern SHORT_LINK = Pattern.compile("xhslink\\.com/", Pattern.CASE_INSENSITIVE);

        private Links() {}

        static NoteReference parse(String line) {
            Set<String> ids = new LinkedHashSet<>();
            Matcher link = LINK.matcher(line);
            while (link.find()) {
                ids.add(link.group(1).toLowerCase(Locale.ROOT));
            }
            if (ids.isEmpty()) {
                Matcher field = FIELD.matcher(line);
                while (field.find()) {
                    ids.add(field.group().toLowerCase(Locale.ROOT));
                }
            }
            if (ids.size() == 1) {
                return new Known(new NoteId(ids.iterator().next()));
            }
            return new Unusable(reason(line, ids.size()));
        }

        private static String reason(String line, int ids) {
            if (ids > 1) {
                return "names " + ids + " notes; put each on a line of its own, or name the column with --column";
            }
            if (SHORT_LINK.matcher(line).find()) {
                return "is a short link, which does not contain the id; open it and take the address it leads to";
            }
            return "holds neither a note id (24 hexadecimal digits) nor a link to a note";
        }
    }
}
