package io.github.notearchive.sandbox;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the provider shall do with one call. Immutable; {@link #after} and {@link #header} give a changed copy.
 *
 * <p>Replies made from the normal answer are sold like it: they take a grant, show up among the bought ones, and become
 * code 303 when no grant is left. All others are sent as they are.
 */
public final class Reply {

    private final Content content;
    private final Delivery delivery;
    private final Duration delay;
    private final Map<String, String> headers;

    private Reply(Content content, Delivery delivery, Duration delay, Map<String, String> headers) {
        this.content = content;
        this.delivery = delivery;
        this.delay = delay;
        this.headers = headers;
    }

    /** What the settings say: mostly the note, sometimes a mishap. */
    public static Reply normal() {
        return of(new Usual(), Delivery.WHOLE);
    }

    /** The envelope of a code, with the HTTP status that the provider is known to send with it. */
    public static Reply code(int code) {
        return code(code, statusOf(code));
    }

    /** The envelope of a code with a status of one's own. Code 0 is the note, sold as usual. */
    public static Reply code(int code, int httpStatus) {
        return code == 0
                ? of(new Sold(envelope -> envelope, httpStatus), Delivery.WHOLE)
                : of(new Coded(code, httpStatus), Delivery.WHOLE);
    }

    /**
     * These bytes. When they are an envelope with code 0, the note counts as bought and takes a grant if there is one.
     */
    public static Reply raw(int httpStatus, String contentType, byte[] body) {
        return of(new Given(httpStatus, contentType, body.clone()), Delivery.WHOLE);
    }

    /** This text as JSON with status 200, valid or not; otherwise as {@link #raw}. */
    public static Reply json(String body) {
        return raw(200, "application/json", body.getBytes(StandardCharsets.UTF_8));
    }

    /** The note's answer with a change to the whole envelope. No drawn mishaps come before it. */
    public static Reply note(UnaryOperator<ObjectNode> change) {
        return of(new Sold(change, 200), Delivery.WHOLE);
    }

    /** The note's answer with a change to the note object within it, whichever question it is. */
    public static Reply noteWith(Consumer<ObjectNode> change) {
        return note(envelope -> {
            boolean listed = envelope.at("/data/0").has("note_list");
            change.accept((ObjectNode) envelope.at(listed ? "/data/0/note_list/0" : "/data/0"));
            return envelope;
        });
    }

    /** Resets the connection without an answer; nothing is sold. */
    public static Reply reset() {
        return of(new Nothing(), Delivery.RESET);
    }

    /** Sells the note, and resets the connection before the answer is sent. */
    public static Reply lost() {
        return of(new Sold(envelope -> envelope, 200), Delivery.RESET);
    }

    /** Sells the note, sends half of the promised bytes, and hangs up. */
    public static Reply truncated() {
        return of(new Sold(envelope -> envelope, 200), Delivery.HALF);
    }

    /** Sells the note once, and sends the whole response twice in one write. */
    public static Reply twice() {
        return of(new Sold(envelope -> envelope, 200), Delivery.TWICE);
    }

    /**
     * Does not answer until {@link SandboxScript#releaseHung()} or the end of the sandbox, and then resets the
     * connection; nothing is sold.
     */
    public static Reply hang() {
        return of(new Nothing(), Delivery.HANG);
    }

    /** The same after a time, in addition to the latency of the settings. */
    public Reply after(Duration delay) {
        return new Reply(content, delivery, delay, headers);
    }

    /** The same with one more response header. */
    public Reply header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Reply(content, delivery, delay, Map.copyOf(more));
    }

    /** The HTTP status that was seen or documented with a code; 200 where nothing is known. */
    static int statusOf(int code) {
        return switch (code) {
            case 100 -> 401;
            case 302, 303 -> 429;
            case 400 -> 400;
            case 404 -> 404;
            case 500 -> 500;
            case 503 -> 503;
            case 600 -> 403;
            default -> 200;
        };
    }

    Content content() {
        return content;
    }

    Delivery delivery() {
        return delivery;
    }

    Duration delay() {
        return delay;
    }

    Map<String, String> headers() {
        return headers;
    }

    private static Reply of(Content content, Delivery delivery) {
        return new Reply(content, delivery, Duration.ZERO, Map.of());
    }

    /** How the answer travels. */
    enum Delivery {
        WHOLE,
        HALF,
        TWICE,
        RESET,
        HANG
    }

    /** What the answer says. */
    sealed interface Content {}

    /** Whatever the settings draw. */
    record Usual() implements Content {}

    /** The note, whatever the settings draw. */
    record Sold(UnaryOperator<ObjectNode> change, int httpStatus) implements Content {}

    /** An envelope without data. */
    record Coded(int code, int httpStatus) implements Content {}

    /** Bytes from outside. */
    @SuppressWarnings("ArrayRecordComponent") // replies are never compared
    record Given(int httpStatus, String contentType, byte[] body) implements Content {}

    /** No answer. */
    record Nothing() implements Content {}
}
