package io.github.notearchive.provider;

import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Parser of the provider's envelope, {@code {"code", "message", "data", "recordTime", "requestId"}}.
 *
 * <p>The vendor guarantees no structure below {@code data}, so only {@code code} is required. The note is searched in
 * {@code data[].note_list[]} and in {@code data[]} itself, by its id and not by its position, since recommended notes
 * may be beside it.
 */
public final class ResponseReader {

    private static final Pattern INTEGER = Pattern.compile("(-?\\d{1,9})(?:\\.0{1,9})?");
    private static final Pattern CREDENTIAL =
            Pattern.compile("(?i)((?:token|sign|secret|key)[\"']?\\s*[=:]\\s*[\"']?)[^&\\s\"',}]+");
    private static final List<String> ID_FIELDS = List.of("id", "note_id", "noteId");
    private static final Set<String> NOTE_FIELDS =
            Set.of("title", "desc", "images_list", "type", "user", "time", "liked_count", "video_info_v2");
    private static final int MESSAGE_LENGTH = 200;
    private static final JsonNode MISSING = MissingNode.getInstance();

    private ResponseReader() {}

    /**
     * Content of a body.
     *
     * @param note the requested note; empty if the body does not contain it
     * @param other the only note that the body names, if it does not contain the requested one
     * @param shape keys of the data, or its type; distinguishes a changed format from empty data
     */
    public record Envelope(
            int code,
            @Nullable String message,
            @Nullable String requestId,
            Optional<FoundNote> note,
            Optional<NoteId> other,
            String shape) {

        /** Returns a copy that records only whether it contains the note. */
        Envelope withoutTree() {
            FoundNote onDemand = new FoundNote(MISSING, MISSING, MISSING);
            return new Envelope(code, message, requestId, note.map(_ -> onDemand), other, shape);
        }
    }

    /** The requested note within a whole body, and its author, a missing node if there is none. */
    public record FoundNote(JsonNode root, JsonNode note, JsonNode author) {

        /** Returns the capture of this note, with the exact bytes that were parsed. */
        public NoteCapture capture(NoteId id, long call, Instant receivedAt, byte[] body) {
            return new NoteCapture(id, call, receivedAt, body, root, note, author);
        }
    }

    /** Parses a body; empty if it is no envelope with a code. */
    public static Optional<Envelope> read(byte[] body, NoteId requested) {
        return ResponseJson.read(body)
                .flatMap(root -> code(root.path("code")).map(code -> envelope(code, root, requested)));
    }

    private static Envelope envelope(int code, JsonNode root, NoteId requested) {
        Optional<FoundNote> note = noteIn(root, requested);
        List<String> ids = places(root).stream()
                .flatMap(place -> id(place.note).stream())
                .distinct()
                .toList();
        Optional<NoteId> other = ids.size() == 1 && note.isEmpty() ? NoteId.parse(ids.getFirst()) : Optional.empty();
        return new Envelope(
                code,
                shorten(root.path("message")),
                shorten(root.path("requestId")),
                note,
                other.filter(id -> !id.equals(requested)),
                shorten(shape(root.path("data"))));
    }

    private static Optional<Integer> code(JsonNode node) {
        String text = node.isString()
                ? node.stringValue().strip()
                : node.isNumber() ? node.decimalValue().toPlainString() : "";
        Matcher integer = INTEGER.matcher(text);
        return integer.matches() ? Optional.of(Integer.valueOf(integer.group(1))) : Optional.empty();
    }

    /** Finds the requested note in a parsed envelope, as {@link #read} does; one without an id must be the only one. */
    public static Optional<FoundNote> noteIn(JsonNode root, NoteId requested) {
        List<FoundNote> withoutId = new ArrayList<>();
        boolean others = false;
        for (FoundNote place : places(root)) {
            JsonNode note = place.note;
            if ("error".equals(note.path("model_type").stringValue(""))) {
                continue; // the placeholder of a note that the platform does not show
            }
            Optional<String> id = id(note);
            if (id.isPresent() && id.get().equals(requested.value()) && hasContent(note)) {
                return Optional.of(place);
            }
            if (id.isPresent()) {
                others = true;
            } else if (looksLikeNote(note)) {
                withoutId.add(place);
            }
        }
        return withoutId.size() == 1 && !others ? Optional.of(withoutId.getFirst()) : Optional.empty();
    }

    /** Returns all places at which an envelope may contain a note. */
    private static List<FoundNote> places(JsonNode root) {
        List<FoundNote> places = new ArrayList<>();
        for (JsonNode element : elements(root.path("data"), root.path("data"))) {
            for (JsonNode note : elements(element.path("note_list"), element)) {
                JsonNode author = note.path("user").isObject() ? note.path("user") : element.path("user");
                places.add(new FoundNote(root, note, author.isObject() ? author : MISSING));
            }
        }
        return places;
    }

    private static Iterable<JsonNode> elements(JsonNode list, JsonNode otherwise) {
        return list.isArray() ? list : List.of(otherwise);
    }

    private static Optional<String> id(JsonNode note) {
        for (String field : ID_FIELDS) {
            JsonNode id = note.path(field);
            if (id.isString() && !id.stringValue().isBlank()) {
                return Optional.of(id.stringValue().strip().toLowerCase(Locale.ROOT));
            }
            if (!id.isString() && !isAbsent(id)) {
                return Optional.of("id of another type"); // belongs to an unknown note
            }
        }
        return Optional.empty();
    }

    private static boolean hasContent(JsonNode note) {
        return note.propertyNames().stream().anyMatch(name -> !ID_FIELDS.contains(name) && !name.equals("model_type"));
    }

    private static boolean looksLikeNote(JsonNode note) {
        return note.isObject()
                && !note.has("note_list")
                && note.propertyNames().stream().filter(NOTE_FIELDS::contains).count() >= 2;
    }

    private static String shape(JsonNode data) {
        if (isAbsent(data) || (data.isContainer() && data.isEmpty())) {
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
        return isAbsent(text) ? null : shorten(text.isString() ? text.stringValue() : text.toString());
    }

    private static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    /** Shortens an untrusted text to what fits a log line and a column, without controls and possible credentials. */
    static String shorten(String text) {
        String plain = CREDENTIAL.matcher(text).replaceAll("$1****");
        int end = plain.codePointCount(0, plain.length()) <= MESSAGE_LENGTH
                ? plain.length()
                : plain.offsetByCodePoints(0, MESSAGE_LENGTH);
        return TerminalText.withoutControls(plain.substring(0, end).replace('\t', ' '), ' ');
    }
}
