package io.github.notearchive.sandbox;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How the sandbox behaves when no script says otherwise. Probabilities and shares go from 0 to 1 and are drawn from the
 * seed, so the same settings misbehave in the same places every time.
 *
 * @param seed what all notes, files and mishaps are drawn from
 * @param token the only token that is accepted
 * @param apiPort where the provider listens; 0 for any free port
 * @param mediaPort where the media server listens; 0 for any free port. A fixed one keeps addresses good that an
 *     earlier process was sold
 * @param latency how long an answer takes; the median where there is a spread
 * @param latencySpread the sigma of a log-normal distribution of latencies; 0 for a fixed latency
 * @param mediaLatency how long the media server takes before the first byte
 * @param quota how many answers with code 0 are granted before code 303; {@link #UNLIMITED} for no end
 * @param fail301 probability that a call fails with code 301, drawn anew for each ask of a note
 * @param fail302 probability that a call fails with code 302, drawn anew for each ask of a note
 * @param missing share of notes that are gone: code 201, each time
 * @param empty share of notes whose answer is code 0 without data, each time
 * @param deadMedia share of files that no address serves: 403 or 404, each time
 * @param callsPerSecond how many calls in a second are let through before code 302; 0 for no limit. The second is
 *     measured as 0.9 s, so that a client at the limit is forgiven its jitter
 * @param mediaSize bytes of a typical file; single files have about a quarter to three times as many
 */
public record SandboxSettings(
        long seed,
        String token,
        int apiPort,
        int mediaPort,
        Duration latency,
        double latencySpread,
        Duration mediaLatency,
        int quota,
        double fail301,
        double fail302,
        double missing,
        double empty,
        double deadMedia,
        int callsPerSecond,
        int mediaSize) {

    /** A quota that never ends. */
    public static final int UNLIMITED = -1;

    public SandboxSettings {
        requireNotNegative("latency", latency);
        requireNotNegative("mediaLatency", mediaLatency);
        requireShare("fail301", fail301);
        requireShare("fail302", fail302);
        requireShare("missing", missing);
        requireShare("empty", empty);
        requireShare("deadMedia", deadMedia);
        if (latencySpread < 0) {
            throw new IllegalArgumentException("latencySpread must not be negative, but is " + latencySpread);
        }
        if (quota < UNLIMITED) {
            throw new IllegalArgumentException("quota must not be negative, but is " + quota);
        }
        if (callsPerSecond < 0) {
            throw new IllegalArgumentException("callsPerSecond must not be negative, but is " + callsPerSecond);
        }
        if (mediaSize < 1) {
            throw new IllegalArgumentException("mediaSize must be positive, but is " + mediaSize);
        }
    }

    /** A provider that answers at once, never fails and never runs out. */
    public static SandboxSettings defaults() {
        return new SandboxSettings(
                20_260_210L,
                "sandbox-token",
                0,
                0,
                Duration.ZERO,
                0,
                Duration.ZERO,
                UNLIMITED,
                0,
                0,
                0,
                0,
                0,
                0,
                24 * 1024);
    }

    /** With other notes, files and mishaps. */
    public SandboxSettings withSeed(long seed) {
        return with(next -> next.seed = seed);
    }

    /** With another token. */
    public SandboxSettings withToken(String token) {
        return with(next -> next.token = token);
    }

    /** With fixed ports, so that a later process can serve what this one sold. */
    public SandboxSettings withPorts(int apiPort, int mediaPort) {
        return with(next -> {
            next.apiPort = apiPort;
            next.mediaPort = mediaPort;
        });
    }

    /** With a fixed latency. */
    public SandboxSettings withLatency(Duration latency) {
        return withLatency(latency, 0);
    }

    /** With log-normal latencies around a median; a spread of 0.5 has one answer in twenty take 2.3 times as long. */
    public SandboxSettings withLatency(Duration latency, double latencySpread) {
        return with(next -> {
            next.latency = latency;
            next.latencySpread = latencySpread;
        });
    }

    /** With a delay before each file. */
    public SandboxSettings withMediaLatency(Duration mediaLatency) {
        return with(next -> next.mediaLatency = mediaLatency);
    }

    /** With so many answers to sell. */
    public SandboxSettings withQuota(int quota) {
        return with(next -> next.quota = quota);
    }

    /** With calls that fail at random, to be asked again. */
    public SandboxSettings withFail301(double fail301) {
        return with(next -> next.fail301 = fail301);
    }

    /** With calls that are refused at random as too fast. */
    public SandboxSettings withFail302(double fail302) {
        return with(next -> next.fail302 = fail302);
    }

    /** With a share of notes that are gone. */
    public SandboxSettings withMissing(double missing) {
        return with(next -> next.missing = missing);
    }

    /** With a share of notes that are sold without content. */
    public SandboxSettings withEmpty(double empty) {
        return with(next -> next.empty = empty);
    }

    /** With a share of files that no address serves. */
    public SandboxSettings withDeadMedia(double deadMedia) {
        return with(next -> next.deadMedia = deadMedia);
    }

    /** With a limit on the rate of calls. */
    public SandboxSettings withCallsPerSecond(int callsPerSecond) {
        return with(next -> next.callsPerSecond = callsPerSecond);
    }

    /** With files of about so many bytes. */
    public SandboxSettings withMediaSize(int mediaSize) {
        return with(next -> next.mediaSize = mediaSize);
    }

    private SandboxSettings with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.settings();
    }

    private static void requireShare(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be from 0 to 1, but is " + value);
        }
    }

    private static void requireNotNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, but is " + value);
        }
    }

    /** The same components, for as long as they change. */
    private static final class Draft {

        private long seed;
        private String token;
        private int apiPort;
        private int mediaPort;
        private Duration latency;
        private double latencySpread;
        private Duration mediaLatency;
        private int quota;
        private double fail301;
        private double fail302;
        private double missing;
        private double empty;
        private double deadMedia;
        private int callsPerSecond;
        private int mediaSize;

        Draft(SandboxSettings from) {
            seed = from.seed;
            token = from.token;
            apiPort = from.apiPort;
            mediaPort = from.mediaPort;
            latency = from.latency;
            latencySpread = from.latencySpread;
            mediaLatency = from.mediaLatency;
            quota = from.quota;
            fail301 = from.fail301;
            fail302 = from.fail302;
            missing = from.missing;
            empty = from.empty;
            deadMedia = from.deadMedia;
            callsPerSecond = from.callsPerSecond;
            mediaSize = from.mediaSize;
        }

        SandboxSettings settings() {
            return new SandboxSettings(
                    seed,
                    token,
                    apiPort,
                    mediaPort,
                    latency,
                    latencySpread,
                    mediaLatency,
                    quota,
                    fail301,
                    fail302,
                    missing,
                    empty,
                    deadMedia,
                    callsPerSecond,
                    mediaSize);
        }
    }
}
