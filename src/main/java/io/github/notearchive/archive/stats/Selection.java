package io.github.notearchive.archive.stats;

import io.github.notearchive.archive.worklist.NoteState;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Filter of notes to export. A note must match all given criteria; a criterion with several values matches any of them.
 * Without criteria all captured notes match.
 *
 * @param publishedFrom earliest publication, inclusive; excludes notes without publication time
 * @param publishedTo latest publication, exclusive
 * @param capturedFrom earliest capture, inclusive; also restricts the exported captures
 * @param capturedTo latest capture, exclusive
 * @param topics names or ids of topics
 * @param authors ids of authors, or their displayed numbers
 * @param text text that title or text must contain, ignoring case; null for any
 * @param ids file with one note id per line; null for any
 */
public record Selection(
        @Nullable Instant publishedFrom,
        @Nullable Instant publishedTo,
        @Nullable Instant capturedFrom,
        @Nullable Instant capturedTo,
        List<String> topics,
        List<String> authors,
        List<NoteState> states,
        @Nullable String text,
        @Nullable Path ids) {

    public Selection {
        topics = List.copyOf(topics);
        authors = List.copyOf(authors);
        states = List.copyOf(states);
    }

    /** Returns a description of the given criteria, or {@code all notes}. */
    public String inWords() {
        Map<String, @Nullable Object> filters = new LinkedHashMap<>();
        filters.put("published from", publishedFrom);
        filters.put("published before", publishedTo);
        filters.put("captured from", capturedFrom);
        filters.put("captured before", capturedTo);
        filters.put("of topic", or(topics));
        filters.put("of author", or(authors));
        filters.put("in state", or(states));
        filters.put("with the text", text == null ? null : "\"" + text + "\"");
        filters.put("named in", ids);
        String given = filters.entrySet().stream()
                .filter(filter -> filter.getValue() != null)
                .map(filter -> filter.getKey() + " " + filter.getValue())
                .collect(Collectors.joining(", "));
        return given.isEmpty() ? "all notes" : "notes " + given;
    }

    private static @Nullable String or(List<?> values) {
        return values.isEmpty() ? null : values.stream().map(String::valueOf).collect(Collectors.joining(" or "));
    }

    public static Selection all() {
        return new Selection(null, null, null, null, List.of(), List.of(), List.of(), null, null);
    }
}
