package io.github.notearchive.export;

import io.github.notearchive.archive.worklist.NoteState;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which notes an export has. A note must pass every filter that is given; within one filter of several values any will
 * do. Without a filter it is all notes that were ever captured.
 *
 * @param publishedFrom earliest time of publication; a note without one does not pass
 * @param publishedTo the time before which it was published
 * @param capturedFrom earliest capture; of the captures only those of the time are exported
 * @param capturedTo the time before which it was captured
 * @param topics names or ids of topics
 * @param authors ids of authors, or the numbers that people know them by
 * @param states how far the worklist got with the note
 * @param text what title or text must contain, upper and lower case alike; null: anything
 * @param ids a file of note ids, one a line; null: any note
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

    /** The filters that are given in words; {@code all notes} without any. */
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

    /** Every note. */
    public static Selection all() {
        return new Selection(null, null, null, null, List.of(), List.of(), List.of(), null, null);
    }
}
