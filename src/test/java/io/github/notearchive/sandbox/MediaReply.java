package io.github.notearchive.sandbox;

import io.github.notearchive.sandbox.SyntheticMedia.GeneratedFile;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Scripted reply of the media server to one request. Immutable; {@link #after} and {@link #header} return a changed
 * copy.
 *
 * @param pause time between the pieces of a slow delivery, or between the two responses of a double one
 * @param delay time before the response, in addition to the latency of the script
 */
public record MediaReply(
        Content content, Delivery delivery, Duration pause, Duration delay, Map<String, String> headers) {

    public static MediaReply normal() {
        return of(new Usual(), Delivery.WHOLE, Duration.ZERO);
    }

    public static MediaReply status(int status) {
        return of(new Status(status), Delivery.WHOLE, Duration.ZERO);
    }

    /** Other bytes instead of the file, for any URL; ranges work as usual. */
    public static MediaReply bytes(String contentType, byte[] bytes) {
        String etag = "\"bytes-" + bytes.length + "-" + Arrays.hashCode(bytes) + "\"";
        return of(new Given(new GeneratedFile(contentType, etag, bytes.clone())), Delivery.WHOLE, Duration.ZERO);
    }

    /** Promises the file, sends half of it and closes the connection. */
    public static MediaReply truncated() {
        return of(new Usual(), Delivery.HALF, Duration.ZERO);
    }

    /** Resets the connection without a response. */
    public static MediaReply reset() {
        return of(new Usual(), Delivery.RESET, Duration.ZERO);
    }

    /**
     * Sends nothing until {@link SandboxScript#releaseHung()} or the end of the sandbox, and then resets the
     * connection.
     */
    public static MediaReply hang() {
        return of(new Usual(), Delivery.HANG, Duration.ZERO);
    }

    /** Status 302 to another URL, sent as given. */
    public static MediaReply redirect(String location) {
        return status(302).header("Location", location);
    }

    /** The file in eight pieces, with a pause before each. */
    public static MediaReply slowDrip(Duration pause) {
        return of(new Usual(), Delivery.SLOW, pause);
    }

    /**
     * The file, and then the whole response once more.
     *
     * @param pause time between the two; zero for one write
     */
    public static MediaReply twice(Duration pause) {
        return of(new Usual(), Delivery.TWICE, pause);
    }

    public MediaReply after(Duration delay) {
        return new MediaReply(content, delivery, pause, delay, headers);
    }

    /** Returns a copy with one more response header; it replaces a usual header of the same name. */
    public MediaReply header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new MediaReply(content, delivery, pause, delay, Map.copyOf(more));
    }

    private static MediaReply of(Content content, Delivery delivery, Duration pause) {
        return new MediaReply(content, delivery, pause, Duration.ZERO, Map.of());
    }

    sealed interface Content {}

    record Usual() implements Content {}

    record Status(int status) implements Content {}

    record Given(GeneratedFile file) implements Content {}
}
