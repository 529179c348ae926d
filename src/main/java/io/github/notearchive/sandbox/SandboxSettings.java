package io.github.notearchive.sandbox;

import java.time.Duration;

/**
 * Behaviour of the practice provider. Probabilities and shares range from 0 to 1 and are drawn from the seed, so that
 * the same settings cause the same failures each time.
 *
 * @param seed starting value of all notes, files and failures
 * @param quota number of notes that are delivered before code 303; {@link #UNLIMITED} for no limit. Videos have no
 *     quota
 * @param latency time from request to response
 * @param fail301 probability that a call fails with code 301, drawn for each call
 * @param fail302 probability that a call fails with code 302, drawn for each call
 * @param missing share of notes that return code 201 on every call
 * @param empty share of notes that return code 0 without data on every call
 * @param deadMedia share of files that return 403 or 404 on every request
 */
public record SandboxSettings(
        long seed,
        int quota,
        Duration latency,
        double fail301,
        double fail302,
        double missing,
        double empty,
        double deadMedia) {

    /** No quota. */
    public static final int UNLIMITED = -1;

    public SandboxSettings {
        if (quota < UNLIMITED) {
            throw new IllegalArgumentException("quota must not be negative, but is " + quota);
        }
        if (latency.isNegative()) {
            throw new IllegalArgumentException("latency must not be negative, but is " + latency);
        }
        requireShare("fail301", fail301);
        requireShare("fail302", fail302);
        requireShare("missing", missing);
        requireShare("empty", empty);
        requireShare("deadMedia", deadMedia);
    }

    /** Returns settings of a provider without latency, failures and quota. */
    public static SandboxSettings defaults() {
        return new SandboxSettings(20_260_210L, UNLIMITED, Duration.ZERO, 0, 0, 0, 0, 0);
    }

    /** Returns a copy with this seed. */
    public SandboxSettings withSeed(long seed) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this quota. */
    public SandboxSettings withQuota(int quota) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this latency. */
    public SandboxSettings withLatency(Duration latency) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this probability of code 301. */
    public SandboxSettings withFail301(double fail301) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this probability of code 302. */
    public SandboxSettings withFail302(double fail302) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this share of missing notes. */
    public SandboxSettings withMissing(double missing) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this share of empty responses. */
    public SandboxSettings withEmpty(double empty) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    /** Returns a copy with this share of dead files. */
    public SandboxSettings withDeadMedia(double deadMedia) {
        return new SandboxSettings(seed, quota, latency, fail301, fail302, missing, empty, deadMedia);
    }

    private static void requireShare(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be from 0 to 1, but is " + value);
        }
    }
}
