package io.github.notearchive.sandbox;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the media server shall do with one request. Immutable; {@link #after} and {@link #header} give a changed copy.
 */
public final class MediaReply {

    private final Delivery delivery;
    private final int status;
    private final @Nullable MediaFile file;
    private final Duration pause;
    private final Duration delay;
    private final Map<String, String> headers;

    private MediaReply(
            Delivery delivery,
            int status,
            @Nullable MediaFile file,
            Duration pause,
            Duration delay,
            Map<String, String> headers) {
        this.delivery = delivery;
        this.status = status;
        this.file = file;
        this.pause = pause;
        this.delay = delay;
        this.headers = headers;
    }

    /** The file, unless the settings say that it is dead. */
    public static MediaReply normal() {
        return of(Delivery.NORMAL, 200, null);
    }

    /** This status with a short text in place of the file. */
    public static MediaReply status(int status) {
        return of(Delivery.STATUS, status, null);
    }

    /** Other bytes in place of the file, under any name; ranges work as usual. */
    public static MediaReply bytes(String contentType, byte[] bytes) {
        String etag = "\"bytes-" + bytes.length + "-" + Arrays.hashCode(bytes) + "\"";
        return of(Delivery.NORMAL, 200, new MediaFile(contentType, etag, bytes.clone()));
    }

    /** Promises the file, sends half of it and hangs up. */
    public static MediaReply truncated() {
        return of(Delivery.HALF, 200, null);
    }

    /** Resets the connection without an answer. */
    public static MediaReply reset() {
        return of(Delivery.RESET, 0, null);
    }

    /**
     * Does not answer until {@link SandboxScript#releaseHung()} or the end of the sandbox, and then resets the
     * connection.
     */
    public static MediaReply hang() {
        return of(Delivery.HANG, 0, null);
    }

    /** Status 302 to another address, given as it shall stand in the header. */
    public static MediaReply redirect(String location) {
        return status(302).header("Location", location);
    }

    /** The file in eight pieces, with a pause before each. */
    public static MediaReply slowDrip(Duration pause) {
        return new MediaReply(Delivery.DRIP, 200, null, pause, Duration.ZERO, Map.of());
    }

    /**
     * The file, and then the whole response once more.
     *
     * @param pause between the two; zero for one write
     */
    public static MediaReply twice(Duration pause) {
        return new MediaReply(Delivery.TWICE, 200, null, pause, Duration.ZERO, Map.of());
    }

    /** The same after a time, in addition to the latency of the settings. */
    public MediaReply after(Duration delay) {
        return new MediaReply(delivery, status, file, pause, delay, headers);
    }

    /** The same with one more response header; one of the usual names replaces the usual value. */
    public MediaReply header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new MediaReply(delivery, status, file, pause, delay, Map.copyOf(more));
    }

    Delivery delivery() {
        return delivery;
    }

    int status() {
        return status;
    }

    /** The bytes from outside; null for the file that belongs to the address. */
    @Nullable
    MediaFile file() {
        return file;
    }

    Duration pause() {
        return pause;
    }

    Duration delay() {
        return delay;
    }

    Map<String, String> headers() {
        return headers;
    }

    private static MediaReply of(Delivery delivery, int status, @Nullable MediaFile file) {
        return new MediaReply(delivery, status, file, Duration.ZERO, Duration.ZERO, Map.of());
    }

    /** How the file travels. */
    enum Delivery {
        NORMAL,
        STATUS,
        HALF,
        DRIP,
        TWICE,
        RESET,
        HANG
    }
}
