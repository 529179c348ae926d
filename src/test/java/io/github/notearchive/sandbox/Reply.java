package io.github.notearchive.sandbox;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * Scripted reply of the provider to one call, or of the media server to one request. Immutable; {@link #after} and
 * {@link #header} return a changed copy.
 *
 * <p>Replies made from the normal response of the provider are billed like it: they consume quota, are listed as
 * bought, and become code 303 when the quota is used up. All others are sent as they are.
 *
 * @param pause time between the pieces of a slow delivery, or between the two responses of a double one
 * @param delay time before the response, in addition to the latency of the settings or of the script
 */
public record Reply(Content content, Delivery delivery, Duration pause, Duration delay, Map<String, String> headers) {

    public static Reply normal() {
        return of(new Usual(), Delivery.WHOLE);
    }

    /** The envelope of a code, with the HTTP status that the provider sends with it. */
    public static Reply code(int code) {
        return code(code, SyntheticNotes.httpStatus(code));
    }

    /** The envelope of a code with another status. Code 0 is the note, billed as usual. */
    public static Reply code(int code, int httpStatus) {
        return of(code == 0 ? sold(httpStatus) : new Coded(code, httpStatus), Delivery.WHOLE);
    }

    /** A status of the media server without the file. */
    public static Reply status(int status) {
        return of(new Coded(status, status), Delivery.WHOLE);
    }

    /** Status 302 of the media server to another URL, sent as given. */
    public static Reply redirect(String location) {
        return status(302).header("Location", location);
    }

    /** Other bytes instead of a file, for any URL; ranges work as usual. */
    public static Reply bytes(String contentType, byte[] bytes) {
        return raw(200, contentType, bytes);
    }

    /**
     * These bytes. If they are an envelope with code 0, the note counts as bought and consumes quota if there is any.
     */
    public static Reply raw(int httpStatus, String contentType, byte[] body) {
        return of(new Given(httpStatus, contentType, body.clone()), Delivery.WHOLE);
    }

    /** This text as JSON with status 200, valid or not; otherwise as {@link #raw}. */
    public static Reply json(String body) {
        return raw(200, NoteEndpoint.JSON, body.getBytes(StandardCharsets.UTF_8));
    }

    /** The note's response with a change to the whole envelope. No failures are drawn. */
    public static Reply note(UnaryOperator<ObjectNode> change) {
        return of(new Sold(change, 200), Delivery.WHOLE);
    }

    /** The note's response with a change to the note object within it, at either endpoint. */
    public static Reply noteWith(Consumer<ObjectNode> change) {
        return note(envelope -> {
            boolean listed = envelope.at("/data/0").has("note_list");
            change.accept((ObjectNode) envelope.at(listed ? "/data/0/note_list/0" : "/data/0"));
            return envelope;
        });
    }

    /** Resets the connection without a response; nothing is billed. */
    public static Reply reset() {
        return of(new Nothing(), Delivery.RESET);
    }

    /** Bills the note, and resets the connection before the response is sent. */
    public static Reply lost() {
        return of(sold(200), Delivery.RESET);
    }

    /** Bills the note, sends half of the promised bytes of its response or of a file, and closes the connection. */
    public static Reply truncated() {
        return of(sold(200), Delivery.HALF);
    }

    /** Bills the note once, and sends its response or a file twice. */
    public static Reply twice(Duration pause) {
        return new Reply(sold(200), Delivery.TWICE, pause, Duration.ZERO, Map.of());
    }

    /** A file in eight pieces, with a pause before each. */
    public static Reply slowDrip(Duration pause) {
        return new Reply(new Usual(), Delivery.SLOW, pause, Duration.ZERO, Map.of());
    }

    /**
     * Sends nothing until {@link SandboxScript#releaseHung()} or the end of the sandbox, and then resets the
     * connection; nothing is billed.
     */
    public static Reply hang() {
        return of(new Nothing(), Delivery.HANG);
    }

    /** Returns a copy that is sent after a delay. */
    public Reply after(Duration delay) {
        return new Reply(content, delivery, pause, delay, headers);
    }

    /** Returns a copy with one more response header. */
    public Reply header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Reply(content, delivery, pause, delay, Map.copyOf(more));
    }

    private static Reply of(Content content, Delivery delivery) {
        return new Reply(content, delivery, Duration.ZERO, Duration.ZERO, Map.of());
    }

    private static Sold sold(int httpStatus) {
        return new Sold(envelope -> envelope, httpStatus);
    }

    /** Way in which a response is sent. */
    enum Delivery {
        /** Completely. */
        WHOLE,
        /** Half of the promised bytes; then the connection is closed. */
        HALF,
        /** In eight pieces, with a pause before each. */
        SLOW,
        /** Completely, and then the same bytes once more. */
        TWICE,
        /** Not at all: the connection is reset. */
        RESET,
        /** Not at all: the connection is reset after {@link SandboxScript#releaseHung()}. */
        HANG
    }

    sealed interface Content {}

    record Usual() implements Content {}

    record Sold(UnaryOperator<ObjectNode> change, int httpStatus) implements Content {}

    record Coded(int code, int httpStatus) implements Content {}

    @SuppressWarnings("ArrayRecordComponent") // replies are never compared
    record Given(int httpStatus, String contentType, byte[] body) implements Content {}

    record Nothing() implements Content {}
}
