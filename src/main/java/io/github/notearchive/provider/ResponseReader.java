package io.github.notearchive.provider;

import io.github.notearchive.note.AnswerJson;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Reads the provider's envelope, {@code {"code", "message", "data", "recordTime", "requestId"}}, whatever the HTTP
 * status was.
 *
 * <p>The vendor promises no shape below {@code data}, so nothing beyond {@code code} is required: the note is looked
 * for in {@code data[].note_list[]} and in {@code data[]} itself, and picked by its id, never by its place, since
 * recommended notes may stand beside it.
 */
@Component
public final class ResponseReader {

    private static final Pattern INTEGER = Pattern.compile("(-?\\d{1,9})(?:\\.0{1,9})?");
    private static final Pattern CREDENTIAL =
            Pattern.compile("(?i)((?:token|sign|secret|key)[\"']?\\s*[=:]\\s*[\"']?)[^&\\s\"',}]+");
    private static final List<String> ID_FIELDS = List.of("id", "note_id", "noteId");
    private static final Set<String> NOTE_FIELDS =
            Set.of("title", "desc", "images_list", "type", "user", "time", "liked_count", "video_info_v2");
    private static final int MESSAGE_LENGTH = 200;

    /**
     * A body that could be read.
     *
     * @param note the note that was asked about; empty when the answer does not hold it
     * @param other the only note that the answer names, where that is not the one asked about
     */
    public record Answer(
            int code,
            @Nullable String message,
            @Nullable String requestId,
            Optional<FoundNote> note,
            Optional<NoteId> other,
            String shape) {

        /** The same, but of a note that it holds only that it does. */
        Answer withoutTree() {
            return new Answer(code, message, requestId, note.map(_ -> FoundNote.NOT_IN_MEMORY), other, shape);
        }
    }

    /**
     * The note within an answer.
     *
     * @param envelope the whole answer
     * @param author the note's author; a missing node when there is none
     */
    public record FoundNote(JsonNode envelope, JsonNode note, JsonNode author) {

        private static final FoundNote NOT_IN_MEMORY =
                new FoundNote(MissingNode.getInstance(), MissingNode.getInstance(), MissingNode.getInstance());

        /**
         * The answer about this note as a capture.
         *
         * @param body the exact bytes that were read
         */
        public NoteCapture capture(NoteId id, long call, Instant receivedAt, byte[] body) {
            return new NoteCapture(id, call, receivedAt, body, envelope, note, author);
        }
    }

    /** Reads a body; empty when it is not an envelope with a code, which makes it a fault of the transport. */
    public Optional<Answer> read(byte[] body, NoteId asked) {
        Optional<JsonNode> root = AnswerJson.read(body);
        Integer code = root.map(envelope -> code(envelope.path("code"))).orElse(null);
        if (root.isEmpty() || code == null) {
            return Optional.empty();
        }
        JsonNode envelope = root.get();
        JsonNode data = envelope.path("data");
        return Optional.of(new Answer(
                code,
                shorten(envelope.path("message")),
                shorten(envelope.path("requestId")),
                find(envelope, asked),
                onlyNote(data).filter(id -> !id.equals(asked)),
                shorten(shape(data))));
    }

    private static @Nullable Integer code(JsonNode node) {
        String text = node.isString()
                ? node.stringValue().strip()
                : node.isNumber() ? node.decimalValue().toPlainString() : "";
        Matcher integer = INTEGER.matcher(text);
        return integer.matches() ? Integer.valueOf(integer.group(1)) : null;
    }

    /**
     * Finds the note in an envelope that was read already, as {@link #read} does.
     *
     * @param envelope the outermost object
     */
    public Optional<FoundNote> noteIn(JsonNode envelope, NoteId asked) {
        return find(envelope, asked);
    }

    private static Optional<FoundNote> find(JsonNode envelope, NoteId asked) {
        List<FoundNote> nameless = new ArrayList<>();
        boolean others = false;
        for (JsonNode element : elements(envelope.path("data"))) {
            for (JsonNode note : notes(element)) {
                if (isNotViewable(note)) {
                    continue;
                }
                Optional<String> id = id(note);
                if (id.isPresent() && id.get().equals(asked.value()) && saysMoreThanItsId(note)) {
                    return Optional.of(new FoundNote(envelope, note, author(element, note)));
                }
                if (id.isPresent()) {
                    others = true;
                } else if (looksLikeNote(note)) {
                    nameless.add(new FoundNote(envelope, note, author(element, note)));
                }
            }
        }
        return nameless.size() == 1 && !others ? Optional.of(nameless.getFirst()) : Optional.empty();
    }

    private static Iterable<JsonNode> elements(JsonNode data) {
        return data.isArray() ? data : List.of(data);
    }

    private static Iterable<JsonNode> notes(JsonNode element) {
        JsonNode list = element.path("note_list");
        return list.isArray() ? list : List.of(element);
    }

    /** Empty when the data names no note, several, or one by an id that cannot be read. */
    private static Optional<NoteId> onlyNote(JsonNode data) {
        Set<String> ids = new HashSet<>();
        for (JsonNode element : elements(data)) {
            for (JsonNode note : notes(element)) {
                id(note).ifPresent(ids::add);
            }
        }
        return ids.size() == 1 ? NoteId.parse(ids.iterator().next()) : Optional.empty();
    }

    private static Optional<String> id(JsonNode note) {
        for (String field : ID_FIELDS) {
            JsonNode id = note.path(field);
            if (id.isString() && !id.stringValue().isBlank()) {
                return Optional.of(id.stringValue().strip().toLowerCase(Locale.ROOT));
            }
            if (!id.isString() && !id.isMissingNode() && !id.isNull()) {
                return Optional.of("id of another kind"); // whose note it is, nobody can say
            }
        }
        return Optional.empty();
    }

    /** A note that the platform does not show may still stand there by its id. */
    private static boolean isNotViewable(JsonNode note) {
        return "error".equals(note.path("model_type").stringValue(""));
    }

    private static boolean saysMoreThanItsId(JsonNode note) {
        return note.propertyNames().stream().anyMatch(name -> !ID_FIELDS.contains(name) && !name.equals("model_type"));
    }

    private static boolean looksLikeNote(JsonNode note) {
        return note.isObject()
                && !note.has("note_list")
                && note.propertyNames().stream().filter(NOTE_FIELDS::contains).count() >= 2;
    }

    private static JsonNode author(JsonNode wrapper, JsonNode note) {
        if (note.path("user").isObject()) {
            return note.path("user");
        }
        JsonNode beside = wrapper.path("user");
        return beside.isObject() ? beside : MissingNode.getInstance();
    }

    /** Names the keys of an answer without its note, so that drift of the shape can be told from emptiness. */
    private static String shape(JsonNode data) {
        if (data.isMissingNode() || data.isNull() || (data.isContainer() && data.isEmpty())) {
            return "data is empty";
        }
        if (!data.isContainer()) {
            return "data is " + shorten(data);
        }
        JsonNode first = data.isArray() ? data.path(0) : data;
        return "data holds "
                + first.propertyNames().stream().limit(10).sorted().collect(Collectors.joining(", ", "{", "}"));
    }

    private static @Nullable String shorten(JsonNode text) {
        if (text.isMissingNode() || text.isNull()) {
            return null;
        }
        return shorten(text.isString() ? text.stringValue() : text.toString());
    }

    /** Cuts a stranger's text to what fits a log line and a column, and takes out what looks like a credential. */
    static String shorten(String text) {
        String plain = CREDENTIAL.matcher(text).replaceAll("$1****");
        StringBuilder line = new StringBuilder();
        plain.codePoints()
                .limit(MESSAGE_LENGTH)
                .map(c -> Character.isISOControl(c)
                                || Character.getType(c) == Character.SURROGATE
                                || Character.getType(c) == Character.FORMAT
                        ? ' '
                        : c)
                .forEach(line::appendCodePoint);
        return line.toString();
    }
}
